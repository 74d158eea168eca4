// Checks every target that this CPU has against plain loops in double precision; `kernel_test quick` checks a part.
//
// Arrays lie at odd addresses and end where their memory ends, so that the address sanitizer sees every number too far.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels.h"

namespace {

using echoic::CellKind;

// The largest error, as a share of the largest number of the same array, or of 1.
template <class Real>
struct Tolerance;
template <>
struct Tolerance<float> {
  static constexpr double output = 2e-6, gradient = 4e-6, tanh = 4e-7, logistic = 2e-7;
};
template <>
struct Tolerance<double> {
  static constexpr double output = 1e-13, gradient = 1e-13, tanh = 1e-15, logistic = 1e-15;
};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

long passed = 0, failed = 0;

void check(bool holds, const std::string& claim) {
  ++(holds ? passed : failed);
  if (!holds && failed <= 20) std::printf("FAILED: %s\n", claim.c_str());
}

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// Numbers one past an aligned address. The number before the first must stay as it is.
template <class Real>
class Array {
 public:
  explicit Array(long count, double value = nan) : count_(count), memory_(new Real[count + 1]) {
    for (long n = 0; n < count; ++n) data()[n] = static_cast<Real>(value);
    memory_[0] = guard;
  }
  explicit Array(const std::vector<double>& values) : Array(static_cast<long>(values.size())) {
    for (long n = 0; n < count_; ++n) data()[n] = static_cast<Real>(values[n]);
  }
  Real* data() { return memory_.get() + 1; }
  const Real* data() const { return memory_.get() + 1; }
  long count() const { return count_; }
  bool intact() const { return memory_[0] == guard; }
  bool same_bits(const Array& other) const {
    return count_ == other.count_ && std::memcmp(data(), other.data(), count_ * sizeof(Real)) == 0;
  }

 private:
  static constexpr Real guard = 1234;
  long count_;
  std::unique_ptr<Real[]> memory_;
};

struct Case {
  CellKind kind;
  long batch, steps, inputs, hidden;
  std::vector<std::int64_t> lengths;  // empty: all rows have all steps
  bool reverse;

  long gates() const { return kind == CellKind::lstm ? 4 : 3; }
  long length(long row) const { return lengths.empty() ? steps : lengths[row]; }
  long row_steps() const {
    long total = 0;
    for (long row = 0; row < batch; ++row) total += length(row);
    return total;
  }
  std::string text() const {
    return std::string(kind == CellKind::lstm ? "lstm" : "gru") + " batch " + std::to_string(batch) + " steps " +
           std::to_string(steps) + " inputs " + std::to_string(inputs) + " hidden " + std::to_string(hidden) +
           (lengths.empty() ? "" : ", unequal") + (reverse ? ", reverse" : "");
  }
};

// What goes in, rounded to float so that both precisions mean the same numbers.
struct Given {
  std::vector<double> x, h0, c0, w_in, w_rec, bias, bias_rec, dy, dh_end, dc_end;
};

Given random_numbers(const Case& of, unsigned seed) {
  std::mt19937 draw(seed);
  auto numbers = [&](long count, double scale) {
    std::vector<double> made(count);
    for (double& one : made) one = static_cast<float>(scale * (draw() / 2147483648.0 - 1));
    return made;
  };
  const long rows = of.gates() * of.hidden;
  const long state = of.batch * of.hidden, cell = of.kind == CellKind::lstm ? state : 0;
  Given made;
  made.x = numbers(of.batch * of.steps * of.inputs, 2);
  made.h0 = numbers(state, 1);
  made.c0 = numbers(cell, 2);
  made.w_in = numbers(rows * of.inputs, 2 / std::sqrt(1.0 + of.inputs));
  made.w_rec = numbers(rows * of.hidden, 2 / std::sqrt(1.0 + of.hidden));
  made.bias = numbers(rows, 1);
  made.bias_rec = numbers(of.kind == CellKind::gru ? of.hidden : 0, 1);
  made.dy = numbers(state * of.steps, 1);
  made.dh_end = numbers(state, 1);
  made.dc_end = numbers(cell, 1);
  return made;
}

// ---------------------------------------------------------------- the oracle

struct Answer {
  std::vector<double> y, h_end, c_end, dx, dh0, dc0, dw_in, dw_rec, dbias, dbias_rec;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One row of the batch through its steps and back, one number at a time.
class Row {
 public:
  Row(const Case& of, const Given& given, long row) : of_(of), in_(given), row_(row), H_(of.hidden) {}

  void run(Answer& out) {
    const long length = of_.length(row_), state = row_ * H_;
    const bool lstm = of_.kind == CellKind::lstm;
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
  long place(long t) const { return row_ * of_.steps + (of_.reverse ? of_.length(row_) - 1 - t : t); }

  double from_input(long gate, long t) const {
    double sum = in_.bias[gate];
    for (long k = 0; k < of_.inputs; ++k) sum += in_.w_in[gate * of_.inputs + k] * in_.x[place(t) * of_.inputs + k];
    return sum;
  }

  double from_state(long gate, long t) const {
    double sum = 0;
    for (long k = 0; k < H_; ++k) sum += in_.w_rec[gate * H_ + k] * h_[t][k];
    return sum;
  }

  void forward(long t, Answer& out) {
    std::vector<double> h(H_), c(H_), gates(4 * H_);
    for (long u = 0; u < H_; ++u) {
      double* g = &gates[4 * u];
      if (of_.kind == CellKind::lstm) {
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
      out.y[place(t) * H_ + u] = h[u];
    }
    h_.push_back(h), c_.push_back(c), gates_.push_back(gates);
  }

  void backward(long t, std::vector<double>& dh, std::vector<double>& dc, Answer& out) {
    std::vector<double> before(H_);
    for (long u = 0; u < H_; ++u) dh[u] += in_.dy[place(t) * H_ + u];
    for (long u = 0; u < H_; ++u) {
      const double* g = &gates_[t][4 * u];
      if (of_.kind == CellKind::lstm) {
        const double squashed = std::tanh(c_[t + 1][u]);
        dc[u] += dh[u] * g[3] * (1 - squashed * squashed);
        send(u, t, dc[u] * g[2] * g[0] * (1 - g[0]), 1, before, out);
        send(H_ + u, t, dc[u] * c_[t][u] * g[1] * (1 - g[1]), 1, before, out);
        send(2 * H_ + u, t, dc[u] * g[0] * (1 - g[2] * g[2]), 1, before, out);
        send(3 * H_ + u, t, dh[u] * squashed * g[3] * (1 - g[3]), 1, before, out);
        dc[u] *= g[1];
      } else {
        const double dn = dh[u] * (1 - g[1]) * (1 - g[2] * g[2]);
        send(u, t, dn * g[3] * g[0] * (1 - g[0]), 1, before, out);
        send(H_ + u, t, dh[u] * (h_[t][u] - g[2]) * g[1] * (1 - g[1]), 1, before, out);
        send(2 * H_ + u, t, dn, g[0], before, out);
        out.dbias_rec[u] += dn * g[0];
        before[u] += dh[u] * g[1];
      }
    }
    dh = before;
  }

  // The gradient of one gate's sum, to all that went into it; the state's share is scaled by `reset`.
  void send(long gate, long t, double gradient, double reset, std::vector<double>& before, Answer& out) {
    out.dbias[gate] += gradient;
    for (long k = 0; k < of_.inputs; ++k) {
      out.dw_in[gate * of_.inputs + k] += gradient * in_.x[place(t) * of_.inputs + k];
      out.dx[place(t) * of_.inputs + k] += gradient * in_.w_in[gate * of_.inputs + k];
    }
    for (long k = 0; k < H_; ++k) {
      out.dw_rec[gate * H_ + k] += gradient * reset * h_[t][k];
      before[k] += gradient * reset * in_.w_rec[gate * H_ + k];
    }
  }

  const Case& of_;
  const Given& in_;
  long row_, H_;
  // Of each step: h and c before it, and the gates of its units, i f g o or r z n q.
  std::vector<std::vector<double>> h_, c_, gates_;
};

Answer answer_of(const Case& of, const Given& given) {
  Answer out;
  out.y.assign(of.batch * of.steps * of.hidden, 0);
  out.h_end.assign(given.h0.size(), 0), out.dh0 = out.h_end;
  out.c_end.assign(given.c0.size(), 0), out.dc0 = out.c_end;
  out.dx.assign(given.x.size(), 0);
  out.dw_in.assign(given.w_in.size(), 0), out.dw_rec.assign(given.w_rec.size(), 0);
  out.dbias.assign(given.bias.size(), 0), out.dbias_rec.assign(given.bias_rec.size(), 0);
  for (long row = 0; row < of.batch; ++row) Row(of, given, row).run(out);
  return out;
}

// What the gradients are gradients of.
double loss_of(const Case& of, const Given& given) {
  const Answer out = answer_of(of, given);
  double sum = 0;
  for (std::size_t n = 0; n < out.y.size(); ++n) sum += out.y[n] * given.dy[n];
  for (std::size_t n = 0; n < out.h_end.size(); ++n) sum += out.h_end[n] * given.dh_end[n];
  for (std::size_t n = 0; n < out.c_end.size(); ++n) sum += out.c_end[n] * given.dc_end[n];
  return sum;
}

void check_oracle(CellKind kind) {
  const Case of{kind, 2, 3, 2, 3, {3, 2}, true};
  Given given = random_numbers(of, 5);
  const Answer out = answer_of(of, given);
  constexpr double change = 1e-5, tolerance = 1e-8;
  auto differences = [&](std::vector<double>& values, const std::vector<double>& gradient, const char* name) {
    bool holds = values.size() == gradient.size();
    for (std::size_t n = 0; holds && n < values.size(); ++n) {
      const double value = values[n];
      values[n] = value + change;
      const double above = loss_of(of, given);
      values[n] = value - change;
      const double below = loss_of(of, given);
      values[n] = value;
      holds = std::fabs((above - below) / (2 * change) - gradient[n]) < tolerance;
    }
    check(holds, "differences of the oracle itself: " + std::string(name) + ", " + of.text());
  };
  differences(given.x, out.dx, "dx");
  differences(given.h0, out.dh0, "dh0");
  differences(given.c0, out.dc0, "dc0");
  differences(given.w_in, out.dw_in, "dw_in");
  differences(given.w_rec, out.dw_rec, "dw_rec");
  differences(given.bias, out.dbias, "dbias");
  differences(given.bias_rec, out.dbias_rec, "dbias_rec");
}

// ---------------------------------------------------------------- a call of a kernel

struct Way {
  long blocks;
  int threads;
  bool all_gradients = true;  // otherwise those that may be missing are: dy, dh_end, dc_end, dx
  std::string text() const { return ", " + std::to_string(blocks) + " blocks " + std::to_string(threads) + " threads"; }
};

template <class Real>
struct Result {
  Array<Real> y, h_end, c_end, dx, dh0, dc0, dw_in, dw_rec, dbias, dbias_rec;

  explicit Result(const Given& g)
      : y(g.dy.size()), h_end(g.h0.size()), c_end(g.c0.size()), dx(g.x.size()), dh0(g.h0.size()), dc0(g.c0.size()),
        dw_in(g.w_in.size()), dw_rec(g.w_rec.size()), dbias(g.bias.size()), dbias_rec(g.bias_rec.size()) {}

  template <class Function>
  void each(const Answer& other, Function function) const {
    function(y, other.y, "y", false), function(h_end, other.h_end, "h_end", false);
    function(c_end, other.c_end, "c_end", false), function(dx, other.dx, "dx", true);
    function(dh0, other.dh0, "dh0", true), function(dc0, other.dc0, "dc0", true);
    function(dw_in, other.dw_in, "dw_in", true), function(dw_rec, other.dw_rec, "dw_rec", true);
    function(dbias, other.dbias, "dbias", true), function(dbias_rec, other.dbias_rec, "dbias_rec", true);
  }

  bool same_bits(const Result& r) const {
    return y.same_bits(r.y) && h_end.same_bits(r.h_end) && c_end.same_bits(r.c_end) && dx.same_bits(r.dx) &&
           dh0.same_bits(r.dh0) && dc0.same_bits(r.dc0) && dw_in.same_bits(r.dw_in) && dw_rec.same_bits(r.dw_rec) &&
           dbias.same_bits(r.dbias) && dbias_rec.same_bits(r.dbias_rec);
  }
};

template <class Real>
Result<Real> run(const echoic::Sequence<Real>& kernel, const Case& of, const Given& given, const Way& way) {
  const Array<Real> x(given.x), h0(given.h0), c0(given.c0), w_in(given.w_in), w_rec(given.w_rec), bias(given.bias),
      bias_rec(given.bias_rec), dy(given.dy), dh_end(given.dh_end), dc_end(given.dc_end);
  const bool lstm = of.kind == CellKind::lstm;
  const std::int64_t* lengths = of.lengths.empty() ? nullptr : of.lengths.data();
  const echoic::Layout layout{of.batch, of.steps, of.inputs, of.hidden, lengths, of.reverse, way.blocks};
  const echoic::Weights<Real> weights{w_in.data(), w_rec.data(), bias.data(), lstm ? nullptr : bias_rec.data()};
  const Real* cell = lstm ? c0.data() : nullptr;
  Array<Real> saved(kernel.saved_size(of.kind, of.row_steps(), of.hidden));
  Result<Real> out(given), alone(given);
  auto forward = [&](Result<Real>& to, Real* kept) {
    kernel.forward(of.kind, {layout, weights, x.data(), h0.data(), cell, to.y.data(), to.h_end.data(),
                             lstm ? to.c_end.data() : nullptr, kept}, way.threads);
  };
  forward(out, saved.data());
  forward(alone, nullptr);
  check(alone.y.same_bits(out.y) && alone.h_end.same_bits(out.h_end) && alone.c_end.same_bits(out.c_end),
        "forward gives the same with and without what backward needs: " + of.text() + way.text());
  kernel.backward(of.kind,
                  {layout, weights, x.data(), h0.data(), cell, out.y.data(), saved.data(),
                   way.all_gradients ? dy.data() : nullptr, way.all_gradients ? dh_end.data() : nullptr,
                   way.all_gradients && lstm ? dc_end.data() : nullptr, way.all_gradients ? out.dx.data() : nullptr,
                   out.dh0.data(), lstm ? out.dc0.data() : nullptr, out.dw_in.data(), out.dw_rec.data(),
                   out.dbias.data(), lstm ? nullptr : out.dbias_rec.data()},
                  way.threads);
  check(saved.intact(), "the memory before `saved` is left alone: " + of.text() + way.text());
  return out;
}

// Infinity and not-a-number must be in the same places.
template <class Real>
double error_of(const Array<Real>& got, const std::vector<double>& wanted) {
  double worst = 0, largest = 1;
  for (long n = 0; n < got.count(); ++n) {
    const double one = got.data()[n], other = wanted[n];
    if (std::isfinite(other)) largest = std::fmax(largest, std::fabs(other));
    if (one == other || (std::isnan(one) && std::isnan(other))) continue;
    worst = std::isfinite(one - other) ? std::fmax(worst, std::fabs(one - other)) : infinity;
    if (worst == infinity) break;
  }
  return worst / largest;
}

double worst_output = 0, worst_gradient = 0;

template <class Real>
void compare(const Result<Real>& result, const Answer& answer, const std::string& where) {
  result.each(answer, [&](const Array<Real>& got, const std::vector<double>& wanted, const char* name, bool gradient) {
    const double error = error_of(got, wanted);
    double& worst = gradient ? worst_gradient : worst_output;
    if (sizeof(Real) == 4) worst = std::fmax(worst, error);
    const double tolerance = gradient ? Tolerance<Real>::gradient : Tolerance<Real>::output;
    check(error <= tolerance,
          std::string(name) + " is wrong by " + text_of(error / tolerance) + " tolerances: " + where);
    check(got.intact(), "the memory before " + std::string(name) + " is left alone: " + where);
  });
}

// Calls `claim(kernel, name)` for every target and precision there is here.
template <class Claim>
void every_kernel(const Claim& claim) {
  for (int at = 0; at < echoic::target_count; ++at) {
    const echoic::Kernels& target = *echoic::targets[at];
    if (!target.supported()) continue;
    claim(*target.f32, std::string(target.name) + " ");
    if (target.f64) claim(*target.f64, std::string(target.name) + " double ");
  }
}

template <class Real>
const Real& real_of(const echoic::Sequence<Real>&);
template <class Kernel>
using RealOf = std::decay_t<decltype(real_of(std::declval<Kernel>()))>;

// ---------------------------------------------------------------- claims

void check_against_oracle(const Case& of, const std::vector<Way>& ways) {
  const Given given = random_numbers(of, static_cast<unsigned>(of.batch + 31 * of.hidden + 977 * of.inputs));
  const Answer answer = answer_of(of, given);
  every_kernel([&](const auto& kernel, const std::string& name) {
    for (const Way& way : ways) compare(run(kernel, of, given, way), answer, name + of.text() + way.text());
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
        for (long steps : {0, 1, 9})
          for (long inputs : {1, 2, 9}) {
            if (quick && (batch == 7 || inputs == 2)) continue;
            // Threads are slow where cores are few; and each way of reading has a number of blocks that goes round.
            const int threads = batch == 7 && inputs == 9 ? 3 : 1;
            const long blocks = 1 + (hidden + batch + steps + inputs) % 3;
            const auto lengths = unequal(batch, steps);
            check_against_oracle({kind, batch, steps, inputs, hidden, {}, false}, {{1, 1}, {2, 1}, {3, threads}});
            check_against_oracle({kind, batch, steps, inputs, hidden, lengths, false}, {{2, 1}, {3, threads}});
            check_against_oracle({kind, batch, steps, inputs, hidden, {}, true}, {{blocks, 1}});
            check_against_oracle({kind, batch, steps, inputs, hidden, lengths, true}, {{blocks, 1}});
          }
}

// Beyond the sizes at which the work is cut into chunks of steps, rows and depth.
void check_large(CellKind kind) {
  check_against_oracle({kind, 20, 40, 3, 9, unequal(20, 40), false}, {{1, 1}, {2, 2}, {3, 2}});
  check_against_oracle({kind, 300, 3, 2, 5, unequal(300, 3), true}, {{1, 1}, {2, 2}});
  check_against_oracle({kind, 300, 3, 2, 5, {}, false}, {{1, 1}, {1, 2}, {2, 2}});
  check_against_oracle({kind, 2, 3, 300, 70, {}, false}, {{1, 1}, {2, 2}});
  check_against_oracle({kind, 3, 2, 256, 256, {}, true}, {{1, 1}, {2, 2}});
}

void check_missing_gradients(CellKind kind) {
  const Case of{kind, 3, 4, 2, 13, {4, 0, 2}, false};
  Given given = random_numbers(of, 3);
  for (auto* gradient : {&given.dy, &given.dh_end, &given.dc_end}) gradient->assign(gradient->size(), 0);
  Answer answer = answer_of(of, given);
  answer.dx.assign(answer.dx.size(), nan);  // not asked for, so not written
  every_kernel([&](const auto& kernel, const std::string& name) {
    compare(run(kernel, of, given, {2, 1, false}), answer, name + "without incoming gradients " + of.text());
  });
}

void check_repeated(CellKind kind) {
  const Case of{kind, 20, 30, 3, 33, unequal(20, 30), false};
  const Given given = random_numbers(of, 11);
  every_kernel([&](const auto& kernel, const std::string& name) {
    const auto once = run(kernel, of, given, {3, 3});
    check(once.same_bits(run(kernel, of, given, {3, 3})), name + "gives the same bits again: " + of.text());
    for (int threads : {1, 2})
      check(once.same_bits(run(kernel, of, given, {3, threads})),
            name + "gives the same bits for any number of threads: " + of.text());
  });
}

// A GRU whose new value is tanh of its input and `shift`, and whose update gate is shut; or whose new value is 0, whose
// state is 1, and whose update gate gets the input. So h is tanh, or the logistic function: of any number, in any lane.
template <class Kernel>
std::vector<double> activation(const Kernel& kernel, bool is_tanh, const std::vector<double>& of, double shift = 0) {
  using Real = RealOf<Kernel>;
  constexpr long H = 16;
  const long batch = static_cast<long>(of.size()), gate = is_tanh ? 2 : 1;
  const Array<Real> x(of), zeros(3 * H * H, 0), h0(batch * H, is_tanh ? 0 : 1);
  Array<Real> w_in(3 * H, 0), bias(3 * H, 0), y(batch * H), h_end(batch * H);
  for (long unit = 0; unit < H; ++unit) {
    w_in.data()[gate * H + unit] = 1;
    if (is_tanh) bias.data()[H + unit] = static_cast<Real>(-infinity);
    bias.data()[gate * H + unit] = static_cast<Real>(shift);
  }
  kernel.forward(CellKind::gru, {{batch, 1, 1, H, nullptr, false, 1},
                                 {w_in.data(), zeros.data(), bias.data(), zeros.data()},
                                 x.data(), h0.data(), nullptr, y.data(), h_end.data(), nullptr, nullptr}, 1);
  std::vector<double> found(batch);
  for (long row = 0; row < batch; ++row) {
    const Real* lanes = y.data() + row * H;
    found[row] = lanes[0];
    for (long unit = 1; unit < H; ++unit)
      if (std::memcmp(lanes, lanes + unit, sizeof *lanes) != 0) found[row] = infinity;  // lanes must agree
  }
  return found;
}

// Of `shift` alone.
template <class Kernel>
double activation_of(const Kernel& kernel, bool is_tanh, double shift) {
  return activation(kernel, is_tanh, {0}, shift)[0];
}

void check_activations(bool quick) {
  std::vector<double> points{0, 1e30, -1e30, 1e-30};
  const std::uint32_t stride = quick ? 1000003 : 40009;  // through all floats from 0 to 100
  for (std::uint32_t bits = 0; bits < 0x42c80000; bits += stride) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    points.push_back(value), points.push_back(-value);
  }
  for (double value = -20; value < 20; value += quick ? 0.1 : 0.001) points.push_back(static_cast<float>(value));
  every_kernel([&](const auto& kernel, const std::string& name) {
    using Bound = Tolerance<RealOf<decltype(kernel)>>;
    const auto tanhs = activation(kernel, true, points), logistics = activation(kernel, false, points);
    double absolute = 0, relative = 0, logistic = 0, beyond = 0;
    for (std::size_t n = 0; n < points.size(); ++n) {
      const double exact = std::tanh(points[n]), error = std::fabs(tanhs[n] - exact);
      absolute = std::fmax(absolute, error);
      // Below the smallest normal float a share says nothing.
      if (std::fabs(exact) > 1e-37) relative = std::fmax(relative, error / std::fabs(exact));
      logistic = std::fmax(logistic, std::fabs(logistics[n] - sigmoid(points[n])));
      beyond = std::fmax(beyond, std::fabs(tanhs[n]) - 1);
      beyond = std::fmax(beyond, std::fmax(logistics[n] - 1, -logistics[n]));
    }
    check(absolute <= Bound::tanh, name + "keeps the absolute bound of tanh: " + text_of(absolute));
    check(relative <= Bound::tanh, name + "keeps the relative bound of tanh: " + text_of(relative));
    check(logistic <= Bound::logistic, name + "keeps the bound of the logistic function: " + text_of(logistic));
    check(beyond <= 0, name + "stays within -1 and 1, and within 0 and 1: beyond by " + text_of(beyond));
    check(activation_of(kernel, true, infinity) == 1 && activation_of(kernel, true, -infinity) == -1 &&
              activation_of(kernel, false, infinity) == 1 && activation_of(kernel, false, -infinity) == 0,
          name + "gives the limits for infinity");
    check(std::isnan(activation_of(kernel, true, nan)) && std::isnan(activation_of(kernel, false, nan)),
          name + "lets not-a-number through");
  });
}

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

void check_table() {
  const int last = echoic::target_count - 1;
  check(std::strcmp(echoic::targets[last]->name, "scalar") == 0, "plain C++ is the last target");
  check(echoic::targets[last]->supported() && echoic::targets[last]->f64, "plain C++ runs anywhere, in double too");
  for (int at = 0; at < last; ++at) {
    check(echoic::targets[at]->f32->width > echoic::targets[at + 1]->f32->width, "targets stand widest first");
    check(!echoic::targets[at]->f64, "only plain C++ has double precision");
  }
  std::printf("targets:");
  for (int at = 0; at <= last; ++at)
    if (echoic::targets[at]->supported()) std::printf(" %s", echoic::targets[at]->name);
  std::printf("\n");
}

}  // namespace

int main(int count, char** arguments) {
  const bool quick = count == 2 && std::strcmp(arguments[1], "quick") == 0;
  if (count > 2 || (count == 2 && !quick)) {
    std::fprintf(stderr, "usage: kernel_test [quick]\n");
    return 2;
  }
  check_table();
  check_activations(quick);
  for (CellKind kind : {CellKind::lstm, CellKind::gru}) {
    check_oracle(kind);
    if (!quick) check_large(kind);
    check_missing_gradients(kind);
    check_repeated(kind);
    for (long hidden : {5, 16, 33}) check_nan_stays_in_its_row({kind, 3, 5, 2, hidden, {}, false}, 1);
    for (bool reverse : {false, true}) check_nothing_beyond_a_length_is_read(kind, reverse);
    for (double value : {infinity, -infinity}) check_infinite_inputs(kind, value);
  }
  check_sizes(quick);
  std::printf("largest float errors: outputs %.1e, gradients %.1e\n", worst_output, worst_gradient);
  std::printf("%ld passed, %ld failed\n", passed, failed);
  return failed ? 1 : 0;
}
