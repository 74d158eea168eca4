// One call of a kernel, forward and backward, and how far it is from the oracle.
#pragma once
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "oracle.h"
#include "tiles_emulated.h"

namespace {

// What vectors hold, and whether the operands of products are rounded.
enum class Scheme { units, lanes, rounded };

std::string name_of(Scheme scheme) { return scheme == Scheme::units ? "" : scheme == Scheme::lanes ? "in lanes " : "rounded "; }

struct CallOptions {
  long blocks;
  int threads;
  Scheme scheme = Scheme::units;
  bool all_gradients = true;  // otherwise those that may be missing are: dy, dh_end, dc_end, dx
  std::string text() const { return ", " + std::to_string(blocks) + " blocks " + std::to_string(threads) + " threads " + name_of(scheme); }
};

template <class Real>
struct Result {
  Array<Real> y, h_end, c_end, dx, dh0, dc0, dw_in, dw_rec, dbias, dbias_rec;

  explicit Result(const CaseArrays& g)
      : y(g.dy.size()), h_end(g.h0.size()), c_end(g.c0.size()), dx(g.x.size()), dh0(g.h0.size()), dc0(g.c0.size()),
        dw_in(g.w_in.size()), dw_rec(g.w_rec.size()), dbias(g.bias.size()), dbias_rec(g.bias_rec.size()) {}

  template <class Function>
  void each(const Expected& other, Function function) const {
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
Result<Real> run(const echoic::Sequence<Real>& kernel, const Case& test_case, const CaseArrays& arrays, const CallOptions& options) {
  const Array<Real> x(arrays.x), h0(arrays.h0), c0(arrays.c0), w_in(arrays.w_in), w_rec(arrays.w_rec), bias(arrays.bias),
      bias_rec(arrays.bias_rec), dy(arrays.dy), dh_end(arrays.dh_end), dc_end(arrays.dc_end);
  const bool lstm = test_case.kind == CellKind::lstm;
  const std::int64_t* lengths = test_case.lengths.empty() ? nullptr : test_case.lengths.data();
  const echoic::Layout layout{test_case.batch, test_case.steps, test_case.inputs, test_case.hidden, lengths, test_case.reverse, options.blocks,
                               options.scheme == Scheme::lanes, options.scheme == Scheme::rounded};
  const echoic::Weights<Real> weights{w_in.data(), w_rec.data(), bias.data(), lstm ? nullptr : bias_rec.data()};
  const Real* cell = lstm ? c0.data() : nullptr;
  Array<Real> saved(kernel.saved_size(test_case.kind, layout));
  Result<Real> out(arrays), alone(arrays);
  const echoic::Gradients<Real> gradients{out.dw_in.data(), out.dw_rec.data(), out.dbias.data(), lstm ? nullptr : out.dbias_rec.data()};
  auto forward = [&](Result<Real>& to, Real* kept) {
    kernel.forward(test_case.kind, {layout, &weights, x.data(), h0.data(), cell, to.y.data(), to.h_end.data(),
                             lstm ? to.c_end.data() : nullptr, kept}, options.threads);
  };
  forward(out, saved.data());
  forward(alone, nullptr);
  check_saying(alone.y.same_bits(out.y) && alone.h_end.same_bits(out.h_end) && alone.c_end.same_bits(out.c_end), [&] {
    return "forward gives the same with and without what backward needs: " + test_case.text() + options.text();
  });
  kernel.backward(test_case.kind,
                  {layout, &weights, x.data(), h0.data(), cell, out.y.data(), saved.data(),
                   options.all_gradients ? dy.data() : nullptr, options.all_gradients ? dh_end.data() : nullptr,
                   options.all_gradients && lstm ? dc_end.data() : nullptr, options.all_gradients ? out.dx.data() : nullptr,
                   out.dh0.data(), lstm ? out.dc0.data() : nullptr, &gradients},
                  options.threads);
  check_saying(saved.intact(), [&] { return "the memory before `saved` is left alone: " + test_case.text() + options.text(); });
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

double worst_output = 0, worst_gradient = 0, worst_rounded_output = 0, worst_rounded_gradient = 0;

// Rounded numbers may fall to the other side of a tie, and be off by 2^-8 of themselves.
constexpr double rounded_output = 2e-3, rounded_gradient = 8e-3;

template <class Real>
double tolerance_of(bool gradient, bool is_rounded) {
  if (is_rounded) return gradient ? rounded_gradient : rounded_output;
  return gradient ? Tolerance<Real>::gradient : Tolerance<Real>::output;
}

template <class Real>
void compare(const Result<Real>& result, const Expected& expected, const std::string& where, bool is_rounded = false) {
  result.each(expected, [&](const Array<Real>& got, const std::vector<double>& wanted, const char* name, bool gradient) {
    const double error = error_of(got, wanted);
    double& worst = is_rounded ? (gradient ? worst_rounded_gradient : worst_rounded_output) : gradient ? worst_gradient : worst_output;
    if (sizeof(Real) == 4) worst = std::fmax(worst, error);
    const double tolerance = tolerance_of<Real>(gradient, is_rounded);
    check_saying(error <= tolerance, [&] { return std::string(name) + " is wrong by " + text_of(error / tolerance) + " tolerances: " + where; });
    check_saying(got.intact(), [&] { return "the memory before " + std::string(name) + " is left alone: " + where; });
  });
}

template <class Real>
const Real& real_of(const echoic::Sequence<Real>&);
template <class Kernel>
using RealOf = std::decay_t<decltype(real_of(std::declval<Kernel>()))>;

const char* only_target = nullptr;  // by name; otherwise all

bool is_named(const echoic::Kernels& target) { return !only_target || std::strcmp(target.name, only_target) == 0; }
bool is_checked(const echoic::Kernels& target) { return target.supported() && is_named(target); }

// The target with emulated tiles, of which rounded passes are checked: all else it leaves to others.
const echoic::Kernels* checked_emulated() { return emulated_target() && is_named(*emulated_target()) ? emulated_target() : nullptr; }

template <class Kernel>
bool is_emulated(const Kernel& kernel) {
  return emulated_target() && static_cast<const void*>(&kernel) == emulated_target()->f32;
}

// Calls `function(kernel, name)` for every target and precision there is here.
template <class Check>
void for_each_kernel(const Check& function) {
  for (int i = 0; i < echoic::target_count; ++i) {
    const echoic::Kernels& target = *echoic::targets[i];
    if (!is_checked(target)) continue;
    function(*target.f32, std::string(target.name) + " ");
    if (target.f64) function(*target.f64, std::string(target.name) + " double ");
  }
}

// The same for all schemes; in double precision nothing is rounded.
template <class Check>
void for_each_scheme(const Check& function) {
  for_each_kernel([&](const auto& kernel, const std::string& name) {
    for (Scheme scheme : {Scheme::units, Scheme::lanes, Scheme::rounded})
      if (scheme != Scheme::rounded || sizeof(RealOf<decltype(kernel)>) == 4) function(kernel, name + name_of(scheme), scheme);
  });
  if (const echoic::Kernels* target = checked_emulated())
    function(*target->f32, std::string(target->name) + " emulated " + name_of(Scheme::rounded), Scheme::rounded);
}

}  // namespace
