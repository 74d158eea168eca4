// Claims about all sizes, and about calls that are repeated or leave out gradients.
#pragma once
#include <string>
#include <vector>

#include "call.h"

namespace {

// Emulated tiles are slow, so not all sizes are theirs: `check_shapes_of_passes` has those at which tiles are full, or not.
void check_against_oracle(const Case& test_case, const std::vector<CallOptions>& options, bool also_emulated = true) {
  const CaseArrays arrays = random_numbers(test_case, static_cast<unsigned>(test_case.batch + 31 * test_case.hidden + 977 * test_case.inputs));
  const Expected expected = expected_of(test_case, arrays), expected_rounded = expected_of(test_case, arrays, true);
  for_each_scheme([&](const auto& kernel, const std::string& name, Scheme scheme) {
    if (is_emulated(kernel) && !also_emulated) return;
    const bool is_rounded = scheme == Scheme::rounded;
    // Emulated, each instruction takes time: one way of sharing out the rows is enough.
    for (CallOptions one : is_emulated(kernel) ? std::vector<CallOptions>{options.back()} : options) {
      one.scheme = scheme;
      compare(run(kernel, test_case, arrays, one), is_rounded ? expected_rounded : expected, name + test_case.text() + one.text(), is_rounded);
    }
  });
}

std::vector<std::int64_t> unequal(long batch, long steps) {
  std::vector<std::int64_t> lengths(batch);
  for (long row = 0; row < batch; ++row) lengths[row] = (row * 7 + 3) % (steps + 1);  // with zeros, not sorted
  lengths[batch / 2] = 0;
  return lengths;
}

void check_sizes(bool quick) {
  const std::vector<long> some{5, 17}, all{1, 5, 8, 13, 16, 17, 33};
  for (CellKind kind : {CellKind::lstm, CellKind::gru})
    for (long hidden : quick ? some : all)
      for (long batch : {1, 3, 7, 20})
        for (long steps : {0, 1, quick ? 4 : 9})
          for (long inputs : {1, 2, 9}) {
            const bool is_quick = batch != 7 && inputs != 2;
            if (quick && !is_quick) continue;
            const bool emulated = is_quick && (hidden == some[0] || hidden == some[1]);
            // Threads are slow where cores are few; and each way of reading has a number of blocks that goes round.
            const int threads = batch == 7 && inputs == 9 ? 3 : 1;
            const long blocks = 1 + (hidden + batch + steps + inputs) % 3;
            const auto lengths = unequal(batch, steps);
            check_against_oracle({kind, batch, steps, inputs, hidden, {}, false}, {{1, 1}, {2, 1}, {3, threads}}, emulated);
            check_against_oracle({kind, batch, steps, inputs, hidden, lengths, false}, {{2, 1}, {3, threads}}, emulated);
            check_against_oracle({kind, batch, steps, inputs, hidden, {}, true}, {{blocks, 1}}, emulated);
            check_against_oracle({kind, batch, steps, inputs, hidden, lengths, true}, {{blocks, 1}}, emulated);
          }
}

// Beyond the sizes at which the work is cut into chunks of steps, rows and depth.
void check_large(CellKind kind) {
  check_against_oracle({kind, 20, 40, 3, 9, unequal(20, 40), false}, {{1, 1}, {2, 2}, {3, 2}});
  check_against_oracle({kind, 150, 7, 17, 20, unequal(150, 7), false}, {{1, 1}, {2, 2}});
  check_against_oracle({kind, 300, 3, 2, 5, unequal(300, 3), true}, {{1, 1}, {2, 2}});
  check_against_oracle({kind, 300, 3, 2, 5, {}, false}, {{1, 1}, {1, 2}, {2, 2}});
  check_against_oracle({kind, 2, 3, 300, 70, {}, false}, {{1, 1}, {2, 2}});
  check_against_oracle({kind, 3, 2, 256, 256, {}, true}, {{1, 1}, {2, 2}});
}

void check_missing_gradients(CellKind kind) {
  const Case test_case{kind, 3, 4, 2, 13, {4, 0, 2}, false};
  CaseArrays arrays = random_numbers(test_case, 3);
  for (auto* gradient : {&arrays.dy, &arrays.dh_end, &arrays.dc_end}) gradient->assign(gradient->size(), 0);
  for_each_scheme([&](const auto& kernel, const std::string& name, Scheme scheme) {
    const bool is_rounded = scheme == Scheme::rounded;
    Expected expected = expected_of(test_case, arrays, is_rounded);
    expected.dx.assign(expected.dx.size(), nan);  // not asked for, so not written
    compare(run(kernel, test_case, arrays, {2, 1, scheme, false}), expected,
            name + "without incoming gradients " + test_case.text(), is_rounded);
  });
}

void check_repeated(CellKind kind, bool quick) {
  const long steps = quick ? 5 : 30, hidden = quick ? 17 : 33;
  const Case test_case{kind, 20, steps, 3, hidden, unequal(20, steps), false};
  const CaseArrays arrays = random_numbers(test_case, 11);
  for_each_scheme([&](const auto& kernel, const std::string& name, Scheme scheme) {
    const auto once = run(kernel, test_case, arrays, {3, 3, scheme});
    check(once.same_bits(run(kernel, test_case, arrays, {3, 3, scheme})), name + "gives the same bits again: " + test_case.text());
    for (int threads : {1, 2})
      check(once.same_bits(run(kernel, test_case, arrays, {3, threads, scheme})),
            name + "gives the same bits for any number of threads: " + test_case.text());
  });
}

}  // namespace
