// Claims about numbers too small for full precision: zero inside a kernel, whatever they are to the caller.
#pragma once
#include <string>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "call.h"
#include "subnormals.h"

namespace {

using echoic::FlushSubnormals;

// What each of `threads` threads has set.
std::vector<std::uint64_t> settings_of(int threads) {
  std::vector<std::uint64_t> found(threads);
#ifdef _OPENMP
#pragma omp parallel num_threads(threads)
  found[omp_get_thread_num()] = FlushSubnormals::read() & FlushSubnormals::bits;
#else
  for (auto& one : found) one = FlushSubnormals::read() & FlushSubnormals::bits;
#endif
  return found;
}

// Gradients so small that those of the inputs are subnormal: the oracle has them, a kernel has zeros.
void check_subnormals_become_zero(CellKind kind) {
  const Case test_case{kind, 4, 3, 2, 5, {}, false};
  CaseArrays arrays = random_numbers(test_case, 31);
  for (auto* gradient : {&arrays.dy, &arrays.dh_end, &arrays.dc_end})
    for (double& one : *gradient) one = 1e-40;
  for_each_scheme([&](const auto& kernel, const std::string& name, Scheme scheme) {
    if (sizeof(RealOf<decltype(kernel)>) == 8 || !FlushSubnormals::bits) return;
    for (int threads : {1, 2}) {
      const auto before = settings_of(2);
      const auto result = run(kernel, test_case, arrays, {2, threads, scheme});
      bool zeros = true;
      for (long n = 0; n < result.dx.count(); ++n) zeros = zeros && result.dx.data()[n] == 0;
      check(zeros, "subnormal numbers count as zero: " + name + test_case.text());
      check(settings_of(2) == before, "every thread has its own setting again: " + name + test_case.text());
    }
  });
}

void check_callers_setting_stays() {
  const std::uint64_t before = FlushSubnormals::read();
  {
    const FlushSubnormals outer;
    { const FlushSubnormals inner; }
    check((FlushSubnormals::read() & FlushSubnormals::bits) == FlushSubnormals::bits, "a caller that flushes goes on flushing");
  }
  check(FlushSubnormals::read() == before, "what was set before is set again");
}

}  // namespace
