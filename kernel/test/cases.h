// What a kernel is given: sizes, lengths, and random numbers.
#pragma once
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels.h"

namespace {

using echoic::CellKind;

struct Case {
  CellKind kind;
  long batch, steps, inputs, hidden;
  std::vector<std::int64_t> lengths;  // empty: all rows have all steps
  bool reverse;

  long gates() const { return kind == CellKind::lstm ? 4 : 3; }
  long length(long row) const { return lengths.empty() ? steps : lengths[row]; }
  std::string text() const {
    return std::string(kind == CellKind::lstm ? "lstm" : "gru") + " batch " + std::to_string(batch) + " steps " +
           std::to_string(steps) + " inputs " + std::to_string(inputs) + " hidden " + std::to_string(hidden) +
           (lengths.empty() ? "" : ", unequal") + (reverse ? ", reverse" : "");
  }
};

// What goes in, rounded to float so that both precisions mean the same numbers.
struct CaseArrays {
  std::vector<double> x, h0, c0, w_in, w_rec, bias, bias_rec, dy, dh_end, dc_end;
};

std::vector<double> random_row(std::mt19937& draw, long count, double scale) {
  std::vector<double> made(count);
  for (double& one : made) one = static_cast<float>(scale * (draw() / 2147483648.0 - 1));
  return made;
}

CaseArrays random_numbers(const Case& test_case, unsigned seed) {
  std::mt19937 draw(seed);
  const auto numbers = [&](long count, double scale) { return random_row(draw, count, scale); };
  const long rows = test_case.gates() * test_case.hidden;
  const long state = test_case.batch * test_case.hidden, cell = test_case.kind == CellKind::lstm ? state : 0;
  CaseArrays made;
  made.x = numbers(test_case.batch * test_case.steps * test_case.inputs, 2);
  made.h0 = numbers(state, 1);
  made.c0 = numbers(cell, 2);
  made.w_in = numbers(rows * test_case.inputs, 2 / std::sqrt(1.0 + test_case.inputs));
  made.w_rec = numbers(rows * test_case.hidden, 2 / std::sqrt(1.0 + test_case.hidden));
  made.bias = numbers(rows, 1);
  made.bias_rec = numbers(test_case.kind == CellKind::gru ? test_case.hidden : 0, 1);
  made.dy = numbers(state * test_case.steps, 1);
  made.dh_end = numbers(state, 1);
  made.dc_end = numbers(cell, 1);
  return made;
}

}  // namespace
