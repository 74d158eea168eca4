// Claims about tanh and the logistic function: of any number, in any lane.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "call.h"

namespace {

// A GRU whose new value is tanh of its input and `shift`, and whose update gate is shut; or whose new value is 0, whose
// state is 1, and whose update gate gets the input. So h is tanh, or the logistic function: of any number, in any lane.
template <class Kernel>
std::vector<double> activation(const Kernel& kernel, bool is_tanh, const std::vector<double>& values, double shift = 0) {
  using Real = RealOf<Kernel>;
  constexpr long H = 16;
  const long batch = static_cast<long>(values.size()), gate = is_tanh ? 2 : 1;
  const Array<Real> x(values), zeros(3 * H * H, 0), h0(batch * H, is_tanh ? 0 : 1);
  Array<Real> w_in(3 * H, 0), bias(3 * H, 0), y(batch * H), h_end(batch * H);
  for (long unit = 0; unit < H; ++unit) {
    w_in.data()[gate * H + unit] = 1;
    if (is_tanh) bias.data()[H + unit] = static_cast<Real>(-infinity);
    bias.data()[gate * H + unit] = static_cast<Real>(shift);
  }
  const echoic::Weights<Real> weights{w_in.data(), zeros.data(), bias.data(), zeros.data()};
  kernel.forward(CellKind::gru, {{batch, 1, 1, H, nullptr, false, 1}, &weights,
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
  for_each_kernel([&](const auto& kernel, const std::string& name) {
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

}  // namespace
