// One call of a kernel, forward and backward, and how far it is from the oracle.
#pragma once
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "oracle.h"

namespace {

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

}  // namespace
