// Checks every target that this CPU has against plain loops in double precision; `kernel_test quick` checks a part,
// `kernel_test quick TARGET` that of one target, and `kernel_test targets` only which ones there are.
#include <cstdio>
#include <cstring>

#include "test_activations.h"
#include "test_chords.h"
#include "test_live.h"
#include "test_samples.h"
#include "test_sizes.h"
#include "test_special.h"
#include "test_stack.h"
#include "test_subnormals.h"
#include "test_tiles.h"

namespace {

void check_table() {
  const int last = echoic::target_count - 1;
  check(std::strcmp(echoic::targets[last]->name, "scalar") == 0, "plain C++ is the last target");
  check(echoic::targets[last]->supported() && echoic::targets[last]->f64, "plain C++ runs anywhere, in double too");
  for (int i = 0; i < last; ++i) {
    check(echoic::targets[i]->f32->width >= echoic::targets[i + 1]->f32->width, "targets stand widest first");
    check(!echoic::targets[i]->f64, "only plain C++ has double precision");
  }
  std::printf("targets:");
  bool any = false;
  for (int i = 0; i <= last; ++i) {
    if (echoic::targets[i]->supported()) std::printf(" %s", echoic::targets[i]->name);
    any = any || is_checked(*echoic::targets[i]);
  }
  std::printf("\n");
  check(any || checked_emulated(), "there is a target to check");
}

}  // namespace

int main(int count, char** arguments) {
  const bool quick = count > 1 && std::strcmp(arguments[1], "quick") == 0;
  const bool table = count == 2 && std::strcmp(arguments[1], "targets") == 0;
  if (count > 3 || (count == 3 && !quick) || (count == 2 && !quick && !table)) {
    std::fprintf(stderr, "usage: kernel_test [quick [TARGET] | targets]\n");
    return 2;
  }
  if (count == 3) only_target = arguments[2];
#ifdef ECHOIC_AMX
  begin_emulation();
#endif
  check_table();
  if (table) return failed ? 1 : 0;
  check_tiles(quick);
  check_activations(quick);
  for (CellKind kind : {CellKind::lstm, CellKind::gru}) {
    check_oracle(kind);
    if (!quick) check_large(kind);
    check_missing_gradients(kind);
    check_repeated(kind, quick);
    check_stacks(kind);
    for (long hidden : {5, 16, 33}) check_nan_stays_in_its_row({kind, 3, 5, 2, hidden, {}, false}, 1);
    for (bool reverse : {false, true}) check_nothing_beyond_a_length_is_read(kind, reverse);
    for (double value : {infinity, -infinity}) check_infinite_inputs(kind, value);
    check_subnormals_become_zero(kind);
  }
  check_callers_setting_stays();
  check_sizes(quick);
  check_chords(quick);
  check_samples();
  check_live(quick);
  std::printf("largest float errors: outputs %.1e, gradients %.1e\n", worst_output, worst_gradient);
  std::printf("largest errors of rounded operands: outputs %.1e, gradients %.1e\n", worst_rounded_output, worst_rounded_gradient);
  report_tiles();
  std::printf("%ld passed, %ld failed\n", passed, failed);
  return failed ? 1 : 0;
}
