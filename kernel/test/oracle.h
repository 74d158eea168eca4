// The answers that the kernels are held to: plain loops in double precision, themselves checked by differences.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "cases.h"
#include "checks.h"

namespace {

struct Expected {
  std::vector<double> y, h_end, c_end, dx, dh0, dc0, dw_in, dw_rec, dbias, dbias_rec;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// To the nearest bfloat16, ties to even: of the 53 bits of a double 8 are kept. That of 1.00390625 is 1, of 1.01171875 1.015625.
double rounded(double x) {
  if (!std::isfinite(x)) return x;
  constexpr int dropped = 45;
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits += (std::uint64_t{1} << (dropped - 1)) - 1 + (bits >> dropped & 1);
  bits &= ~((std::uint64_t{1} << dropped) - 1);
  std::memcpy(&x, &bits, sizeof bits);
  return x;
}

// One row of the batch through its steps and back, one number at a time.
class Row {
 public:
  Row(const Case& test_case, const CaseArrays& arrays, long row, bool rounds, bool rounds_x)
      : case_(test_case), in_(arrays), row_(row), H_(test_case.hidden), rounds_(rounds), rounds_x_(rounds_x) {}

  void run(Expected& out) {
    const long length = case_.length(row_), state = row_ * H_;
    const bool lstm = case_.kind == CellKind::lstm;
    h_.assign(1, std::vector<double>(&in_.h0[state], &in_.h0[state] + H_));
    c_.assign(1, lstm ? std::vector<double>(&in_.c0[state], &in_.c0[state] + H_) : std::vector<double>(H_));
    for (long t = 0; t < length; ++t) forward(t, out);
    for (long u = 0; u < H_; ++u) out.h_end[state + u] = h_.back()[u];
    for (long u = 0; lstm && u < H_; ++u) out.c_end[state + u] = c_.back()[u];
    std::vector<double> dh(&in_.dh_end[state], &in_.dh_end[state] + H_);
    std::vector<double> dc = lstm ? std::vector<double>(&in_.dc_end[state], &in_.dc_end[state] + H_) : dh;
    for (long t = length; t-- > 0;) backward(t, dh, dc, out);
    for (long u = 0; u < H_; ++u) out.dh0[state + u] = dh[u];
    for (long u = 0; lstm && u < H_; ++u) out.dc0[state + u] = dc[u];
  }

 private:
  long array_row(long t) const { return row_ * case_.steps + (case_.reverse ? case_.length(row_) - 1 - t : t); }

  double product(double a, double b) const { return rounds_ ? rounded(a) * rounded(b) : a * b; }

  double from_input(long gate, long t) const {
    double sum = in_.bias[gate];
    for (long k = 0; k < case_.inputs; ++k) {
      const double weight = in_.w_in[gate * case_.inputs + k], x = in_.x[array_row(t) * case_.inputs + k];
      sum += rounds_x_ ? product(weight, x) : weight * x;
    }
    return sum;
  }

  double from_state(long gate, long t) const {
    double sum = 0;
    for (long k = 0; k < H_; ++k) sum += product(in_.w_rec[gate * H_ + k], h_[t][k]);
    return sum;
  }

  void forward(long t, Expected& out) {
    std::vector<double> h(H_), c(H_), gates(4 * H_);
    for (long u = 0; u < H_; ++u) {
      double* g = &gates[4 * u];
      if (case_.kind == CellKind::lstm) {
        for (int gate = 0; gate < 4; ++gate) {
          const double sum = from_input(gate * H_ + u, t) + from_state(gate * H_ + u, t);
          g[gate] = gate == 2 ? std::tanh(sum) : sigmoid(sum);
        }
        c[u] = g[1] * c_[t][u] + g[0] * g[2];
        h[u] = g[3] * std::tanh(c[u]);
      } else {
        for (int gate = 0; gate < 2; ++gate)
          g[gate] = sigmoid(from_input(gate * H_ + u, t) + from_state(gate * H_ + u, t));
        g[3] = from_state(2 * H_ + u, t) + in_.bias_rec[u];
        g[2] = std::tanh(from_input(2 * H_ + u, t) + g[0] * g[3]);
        h[u] = (1 - g[1]) * g[2] + g[1] * h_[t][u];
      }
      out.y[array_row(t) * H_ + u] = h[u];
    }
    h_.push_back(h), c_.push_back(c), gates_.push_back(gates);
  }

  void backward(long t, std::vector<double>& dh, std::vector<double>& dc, Expected& out) {
    std::vector<double> before(H_);
    for (long u = 0; u < H_; ++u) dh[u] += in_.dy[array_row(t) * H_ + u];
    for (long u = 0; u < H_; ++u) {
      const double* g = &gates_[t][4 * u];
      if (case_.kind == CellKind::lstm) {
        const double tanh_c = std::tanh(c_[t + 1][u]);
        dc[u] += dh[u] * g[3] * (1 - tanh_c * tanh_c);
        backpropagate(u, t, dc[u] * g[2] * g[0] * (1 - g[0]), 1, before, out);
        backpropagate(H_ + u, t, dc[u] * c_[t][u] * g[1] * (1 - g[1]), 1, before, out);
        backpropagate(2 * H_ + u, t, dc[u] * g[0] * (1 - g[2] * g[2]), 1, before, out);
        backpropagate(3 * H_ + u, t, dh[u] * tanh_c * g[3] * (1 - g[3]), 1, before, out);
        dc[u] *= g[1];
      } else {
        const double dn = dh[u] * (1 - g[1]) * (1 - g[2] * g[2]);
        backpropagate(u, t, dn * g[3] * g[0] * (1 - g[0]), 1, before, out);
        backpropagate(H_ + u, t, dh[u] * (h_[t][u] - g[2]) * g[1] * (1 - g[1]), 1, before, out);
        backpropagate(2 * H_ + u, t, dn, g[0], before, out);
        out.dbias_rec[u] += dn * g[0];
        before[u] += dh[u] * g[1];
      }
    }
    dh = before;
  }

  // The gradient of one gate's sum, to all that went into it; the state's share is scaled by `reset`.
  void backpropagate(long gate, long t, double gradient, double reset, std::vector<double>& before, Expected& out) {
    out.dbias[gate] += gradient;
    for (long k = 0; k < case_.inputs; ++k) {
      out.dw_in[gate * case_.inputs + k] += product(gradient, in_.x[array_row(t) * case_.inputs + k]);
      out.dx[array_row(t) * case_.inputs + k] += product(gradient, in_.w_in[gate * case_.inputs + k]);
    }
    for (long k = 0; k < H_; ++k) {
      out.dw_rec[gate * H_ + k] += product(gradient * reset, h_[t][k]);
      before[k] += product(gradient * reset, in_.w_rec[gate * H_ + k]);
    }
  }

  const Case& case_;
  const CaseArrays& in_;
  long row_, H_;
  bool rounds_, rounds_x_;  // operands of products, x among them
  // Of each step: h and c before it, and the gates of its units, i f g o or r z n q.
  std::vector<std::vector<double>> h_, c_, gates_;
};

Expected expected_of(const Case& test_case, const CaseArrays& arrays, bool rounds = false, bool rounds_x = true) {
  Expected out;
  out.y.assign(test_case.batch * test_case.steps * test_case.hidden, 0);
  out.h_end.assign(arrays.h0.size(), 0), out.dh0 = out.h_end;
  out.c_end.assign(arrays.c0.size(), 0), out.dc0 = out.c_end;
  out.dx.assign(arrays.x.size(), 0);
  out.dw_in.assign(arrays.w_in.size(), 0), out.dw_rec.assign(arrays.w_rec.size(), 0);
  out.dbias.assign(arrays.bias.size(), 0), out.dbias_rec.assign(arrays.bias_rec.size(), 0);
  for (long row = 0; row < test_case.batch; ++row) Row(test_case, arrays, row, rounds, rounds_x).run(out);
  return out;
}

// What the gradients are gradients of.
double loss_of(const Case& test_case, const CaseArrays& arrays) {
  const Expected out = expected_of(test_case, arrays);
  double sum = 0;
  for (std::size_t n = 0; n < out.y.size(); ++n) sum += out.y[n] * arrays.dy[n];
  for (std::size_t n = 0; n < out.h_end.size(); ++n) sum += out.h_end[n] * arrays.dh_end[n];
  for (std::size_t n = 0; n < out.c_end.size(); ++n) sum += out.c_end[n] * arrays.dc_end[n];
  return sum;
}

void check_oracle(CellKind kind) {
  const Case test_case{kind, 2, 3, 2, 3, {3, 2}, true};
  CaseArrays arrays = random_numbers(test_case, 5);
  const Expected out = expected_of(test_case, arrays);
  constexpr double change = 1e-5, tolerance = 1e-8;
  auto differences = [&](std::vector<double>& values, const std::vector<double>& gradient, const char* name) {
    bool holds = values.size() == gradient.size();
    for (std::size_t n = 0; holds && n < values.size(); ++n) {
      const double value = values[n];
      values[n] = value + change;
      const double above = loss_of(test_case, arrays);
      values[n] = value - change;
      const double below = loss_of(test_case, arrays);
      values[n] = value;
      holds = std::fabs((above - below) / (2 * change) - gradient[n]) < tolerance;
    }
    check(holds, "differences of the oracle itself: " + std::string(name) + ", " + test_case.text());
  };
  differences(arrays.x, out.dx, "dx");
  differences(arrays.h0, out.dh0, "dh0");
  differences(arrays.c0, out.dc0, "dc0");
  differences(arrays.w_in, out.dw_in, "dw_in");
  differences(arrays.w_rec, out.dw_rec, "dw_rec");
  differences(arrays.bias, out.dbias, "dbias");
  differences(arrays.bias_rec, out.dbias_rec, "dbias_rec");
}

}  // namespace
