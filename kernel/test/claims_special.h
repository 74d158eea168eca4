// Claims about numbers that are none, that are infinite, and that lie beyond a row's length.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "call.h"

namespace {

// Rows of `row` alone: [batch, each] numbers.
template <class Real>
bool same_but_for(const Array<Real>& one, const Array<Real>& other, long row, long each, bool finite) {
  bool same = true;
  for (long n = 0; n < one.count(); ++n) {
    if (n / each == row) continue;
    same = same && one.data()[n] == other.data()[n] && (!finite || std::isfinite(one.data()[n]));
  }
  return same;
}

template <class Real>
bool all_nan(const Array<Real>& of, long first, long last) {
  bool nans = true;
  for (long n = first; n < last; ++n) nans = nans && std::isnan(of.data()[n]);
  return nans;
}

void check_nan_stays_in_its_row(const Case& of, long bad) {
  const Given good = random_numbers(of, 17);
  Given given = good;
  const long step = 2, H = of.hidden, row_y = of.steps * H;
  given.x[(bad * of.steps + step) * of.inputs] = nan;
  every_kernel([&](const auto& kernel, const std::string& name) {
    const auto clean = run(kernel, of, good, {2, 1}), dirty = run(kernel, of, given, {2, 1});
    const std::string where = name + of.text();
    check(same_but_for(dirty.y, clean.y, bad, row_y, true) && same_but_for(dirty.h_end, clean.h_end, bad, H, true) &&
              same_but_for(dirty.c_end, clean.c_end, bad, H, true),
          "the outputs of other rows do not see a NaN: " + where);
    check(same_but_for(dirty.dx, clean.dx, bad, of.steps * of.inputs, true) &&
              same_but_for(dirty.dh0, clean.dh0, bad, H, true) && same_but_for(dirty.dc0, clean.dc0, bad, H, true),
          "the gradients of other rows do not see a NaN: " + where);
    const auto* before = dirty.y.data() + bad * row_y;
    check(std::memcmp(before, clean.y.data() + bad * row_y, step * H * sizeof *before) == 0,
          "the steps before a NaN do not see it: " + where);
    check(all_nan(dirty.y, bad * row_y + step * H, (bad + 1) * row_y) && all_nan(dirty.h_end, bad * H, (bad + 1) * H),
          "the steps after a NaN are NaN: " + where);
    check(all_nan(dirty.dw_in, 0, dirty.dw_in.count()) && all_nan(dirty.dw_rec, 0, dirty.dw_rec.count()) &&
              all_nan(dirty.dbias, 0, dirty.dbias.count()),
          "the gradients of weights, which all rows share, are NaN: " + where);
  });
}

void check_nothing_beyond_a_length_is_read(CellKind kind, bool reverse) {
  const Case of{kind, 4, 6, 3, 13, {4, 0, 6, 1}, reverse};
  const Given good = random_numbers(of, 23);
  Given given = good;
  for (long row = 0; row < of.batch; ++row)
    for (long t = of.length(row); t < of.steps; ++t) {
      for (long k = 0; k < of.inputs; ++k) given.x[(row * of.steps + t) * of.inputs + k] = nan;
      for (long k = 0; k < of.hidden; ++k) given.dy[(row * of.steps + t) * of.hidden + k] = nan;
    }
  every_kernel([&](const auto& kernel, const std::string& name) {
    check(run(kernel, of, given, {2, 2}).same_bits(run(kernel, of, good, {2, 2})),
          "what lies beyond a row's length is not read: " + name + of.text());
  });
}

// Infinite inputs shut and open gates for good. With their own weights' gradients 0 * infinity is NaN by right; nothing
// else may become NaN, whatever stands in the lanes of units that do not exist.
void check_infinite_inputs(CellKind kind, double value) {
  const Case of{kind, 3, 4, 2, 5, {}, false};
  Given given = random_numbers(of, 29);
  for (long row = 0; row < of.batch; ++row)
    for (long t = 0; t < of.steps; ++t) given.x[(row * of.steps + t) * of.inputs] = value;
  const Answer answer = answer_of(of, given);
  every_kernel([&](const auto& kernel, const std::string& name) {
    const auto result = run(kernel, of, given, {2, 1});
    using Bound = Tolerance<RealOf<decltype(kernel)>>;
    result.each(answer, [&](const auto& got, const std::vector<double>& wanted, const char* what, bool gradient) {
      if (std::strcmp(what, "dw_in") == 0) return;
      bool finite = true;
      for (double one : wanted) finite = finite && std::isfinite(one);
      check(finite, "the oracle is finite for infinite inputs");
      check(error_of(got, wanted) <= (gradient ? Bound::gradient : Bound::output),
            "infinite inputs saturate: " + std::string(what) + ", " + name + of.text());
    });
  });
}

}  // namespace
