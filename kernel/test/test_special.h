// Claims about numbers that are none, that are infinite, and that lie beyond a row's length.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "call.h"

namespace {

// Rows of `row` alone: [batch, each] numbers.
template <class Real>
bool equal_except_row(const Array<Real>& one, const Array<Real>& other, long row, long each, bool finite) {
  bool same = true;
  for (long n = 0; n < one.count(); ++n) {
    if (n / each == row) continue;
    same = same && one.data()[n] == other.data()[n] && (!finite || std::isfinite(one.data()[n]));
  }
  return same;
}

template <class Real>
bool all_nan(const Array<Real>& array, long first, long last) {
  bool nans = true;
  for (long n = first; n < last; ++n) nans = nans && std::isnan(array.data()[n]);
  return nans;
}

void check_nan_stays_in_its_row(const Case& test_case, long bad) {
  const CaseArrays good = random_numbers(test_case, 17);
  CaseArrays arrays = good;
  const long step = 2, H = test_case.hidden, row_y = test_case.steps * H;
  arrays.x[(bad * test_case.steps + step) * test_case.inputs] = nan;
  for_each_scheme([&](const auto& kernel, const std::string& name, Scheme scheme) {
    const auto clean = run(kernel, test_case, good, {2, 1, scheme}), dirty = run(kernel, test_case, arrays, {2, 1, scheme});
    const std::string where = name + test_case.text();
    check(equal_except_row(dirty.y, clean.y, bad, row_y, true) && equal_except_row(dirty.h_end, clean.h_end, bad, H, true) &&
              equal_except_row(dirty.c_end, clean.c_end, bad, H, true),
          "the outputs of other rows do not see a NaN: " + where);
    check(equal_except_row(dirty.dx, clean.dx, bad, test_case.steps * test_case.inputs, true) &&
              equal_except_row(dirty.dh0, clean.dh0, bad, H, true) && equal_except_row(dirty.dc0, clean.dc0, bad, H, true),
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
  const Case test_case{kind, 4, 6, 3, 13, {4, 0, 6, 1}, reverse};
  const CaseArrays good = random_numbers(test_case, 23);
  CaseArrays arrays = good;
  for (long row = 0; row < test_case.batch; ++row)
    for (long t = test_case.length(row); t < test_case.steps; ++t) {
      for (long k = 0; k < test_case.inputs; ++k) arrays.x[(row * test_case.steps + t) * test_case.inputs + k] = nan;
      for (long k = 0; k < test_case.hidden; ++k) arrays.dy[(row * test_case.steps + t) * test_case.hidden + k] = nan;
    }
  for_each_scheme([&](const auto& kernel, const std::string& name, Scheme scheme) {
    check(run(kernel, test_case, arrays, {2, 2, scheme}).same_bits(run(kernel, test_case, good, {2, 2, scheme})),
          "what lies beyond a row's length is not read: " + name + test_case.text());
  });
}

// Infinite inputs shut and open gates for good. With their own weights' gradients 0 * infinity is NaN by right; nothing
// else may become NaN, whatever stands in the lanes of units that do not exist.
void check_infinite_inputs(CellKind kind, double value) {
  const Case test_case{kind, 3, 4, 2, 5, {}, false};
  CaseArrays arrays = random_numbers(test_case, 29);
  for (long row = 0; row < test_case.batch; ++row)
    for (long t = 0; t < test_case.steps; ++t) arrays.x[(row * test_case.steps + t) * test_case.inputs] = value;
  for_each_scheme([&](const auto& kernel, const std::string& name, Scheme scheme) {
    const bool is_rounded = scheme == Scheme::rounded;
    const Expected expected = expected_of(test_case, arrays, is_rounded);
    const auto result = run(kernel, test_case, arrays, {2, 1, scheme});
    result.each(expected, [&](const auto& got, const std::vector<double>& wanted, const char* what, bool gradient) {
      if (std::strcmp(what, "dw_in") == 0) return;
      bool finite = true;
      for (double one : wanted) finite = finite && std::isfinite(one);
      check(finite, "the oracle is finite for infinite inputs");
      check(error_of(got, wanted) <= tolerance_of<RealOf<decltype(kernel)>>(gradient, is_rounded),
            "infinite inputs saturate: " + std::string(what) + ", " + name + test_case.text());
    });
  });
}

}  // namespace
