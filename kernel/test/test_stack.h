// Claims about several layers in one call: the same as one after the other.
#pragma once
#include <string>
#include <vector>

#include "test_sizes.h"

namespace {

void check_stack(CellKind kind, const std::vector<std::int64_t>& lengths, bool reverse, bool all_gradients) {
  constexpr long L = 3, B = 20, T = 21, I = 3, H = 5;
  const auto case_of = [&](long layer) { return Case{kind, B, T, layer ? H : I, H, lengths, reverse}; };
  std::vector<CaseArrays> arrays;
  std::vector<Expected> expected(L);
  for (long layer = 0; layer < L; ++layer) {
    arrays.push_back(random_numbers(case_of(layer), static_cast<unsigned>(40 + layer)));
    if (layer) arrays[layer].x = expected[layer - 1].y;
    expected[layer] = expected_of(case_of(layer), arrays[layer]);
  }
  for (long layer = L - 1; layer >= 0; --layer) {
    CaseArrays& a = arrays[layer];
    if (!all_gradients)
      for (auto* gradient : {&a.dh_end, &a.dc_end}) gradient->assign(gradient->size(), 0);
    if (layer < L - 1) a.dy = expected[layer + 1].dx;
    expected[layer] = expected_of(case_of(layer), a);
  }
  if (!all_gradients) expected[0].dx.assign(expected[0].dx.size(), nan);
  const auto joined = [](const std::vector<CaseArrays>& of, std::vector<double> CaseArrays::*member) {
    std::vector<double> all;
    for (const CaseArrays& one : of) all.insert(all.end(), (one.*member).begin(), (one.*member).end());
    return all;
  };
  for_each_kernel([&](const auto& kernel, const std::string& name) {
    using Real = RealOf<decltype(kernel)>;
    for (const CallOptions& options : std::vector<CallOptions>{{1, 1}, {2, 1}, {3, 2}}) {
      const std::string where = name + "three layers, " + case_of(0).text() + options.text();
      const bool lstm = kind == CellKind::lstm;
      const echoic::Layout layout{B, T, I, H, lengths.empty() ? nullptr : lengths.data(), reverse, options.blocks, true, false, L};
      std::vector<Array<Real>> given;
      std::vector<Result<Real>> out;
      given.reserve(4 * L), out.reserve(L);
      std::vector<echoic::Weights<Real>> weights;
      std::vector<echoic::Gradients<Real>> gradients;
      for (const CaseArrays& one : arrays) {
        for (auto* numbers : {&one.w_in, &one.w_rec, &one.bias, &one.bias_rec}) given.emplace_back(*numbers);
        const Array<Real>* four = &given[given.size() - 4];
        weights.push_back({four[0].data(), four[1].data(), four[2].data(), lstm ? nullptr : four[3].data()});
        out.emplace_back(one);
        gradients.push_back({out.back().dw_in.data(), out.back().dw_rec.data(), out.back().dbias.data(), out.back().dbias_rec.data()});
      }
      const Array<Real> x(arrays[0].x), h0(joined(arrays, &CaseArrays::h0)), c0(joined(arrays, &CaseArrays::c0)),
          dy(arrays[L - 1].dy), dh_end(joined(arrays, &CaseArrays::dh_end)), dc_end(joined(arrays, &CaseArrays::dc_end));
      Array<Real> h_end(h0.count()), c_end(c0.count()), dh0(h0.count()), dc0(c0.count()), saved(kernel.saved_size(kind, layout));
      Result<Real>&top = out[L - 1], &bottom = out[0];
      kernel.forward(kind, {layout, weights.data(), x.data(), h0.data(), c0.data(), top.y.data(), h_end.data(), c_end.data(), saved.data()},
                     options.threads);
      Array<Real> alone(top.y.count());
      kernel.forward(kind, {layout, weights.data(), x.data(), h0.data(), c0.data(), alone.data(), h_end.data(), c_end.data(), nullptr},
                     options.threads);
      check(alone.same_bits(top.y), "forward gives the same with and without what backward needs: " + where);
      kernel.backward(kind,
                      {layout, weights.data(), x.data(), h0.data(), c0.data(), top.y.data(), saved.data(), dy.data(),
                       all_gradients ? dh_end.data() : nullptr, all_gradients ? dc_end.data() : nullptr,
                       all_gradients ? bottom.dx.data() : nullptr, dh0.data(), dc0.data(), gradients.data()},
                      options.threads);
      check(saved.intact(), "the memory before `saved` is left alone: " + where);
      for (long layer = 0; layer < L; ++layer) {
        Result<Real>& one = out[layer];
        const auto take = [&](const Array<Real>& from, Array<Real>& to) {
          for (long n = 0; n < to.count(); ++n) to.data()[n] = from.data()[layer * to.count() + n];
        };
        take(h_end, one.h_end), take(c_end, one.c_end), take(dh0, one.dh0), take(dc0, one.dc0);
        if (layer < L - 1) one.y = Array<Real>(expected[layer].y);   // the layers between give neither
        if (layer > 0) one.dx = Array<Real>(expected[layer].dx);
        compare(one, expected[layer], "layer " + std::to_string(layer) + " of " + where);
      }
    }
  });
}

void check_stacks(CellKind kind) {
  for (bool reverse : {false, true}) {
    check_stack(kind, {}, reverse, true);
    check_stack(kind, unequal(20, 21), reverse, true);
  }
  check_stack(kind, unequal(20, 21), false, false);
}

}  // namespace
