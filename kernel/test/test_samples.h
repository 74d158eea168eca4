// Claims about the fast tier of raw audio: every level is the one at which a plain loop in double precision, going on
// from the levels drawn before it, finds its share of the distribution.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "call.h"

namespace {

// Float32 sums of another order move the bounds between levels by so much at most.
constexpr double uniform_error = 1e-4;

struct Tier {
  long rows, samples, past, hidden, components, num_codes;
  std::vector<double> first, second, b_second, mixture, b_mixture, positions, lpc_weights, history, power, uniforms;
  double first_width = 0.05;

  Tier(long rows, long samples, long past, long hidden, long components, long num_codes)
      : rows(rows), samples(samples), past(past), hidden(hidden), components(components), num_codes(num_codes) {
    std::mt19937 draw(5);
    const auto numbers = [&](long count, double scale) {
      std::vector<double> made(count);
      for (double& one : made) one = static_cast<float>(scale * (draw() / 2147483648.0 - 1));
      return made;
    };
    const double fan = 2 / std::sqrt(1.0 + hidden);
    first = numbers(hidden * (past + 2), 1), second = numbers(hidden * hidden, fan), b_second = numbers(hidden, 1);
    mixture = numbers(3 * components * hidden, fan), b_mixture = numbers(3 * components, 1);
    positions = numbers(rows * samples * hidden, 1), lpc_weights = numbers(rows * past, 1.0 / past);
    history = numbers(rows * past, 1), uniforms = numbers(samples * rows, 1);
    for (double& uniform : uniforms) uniform = std::fabs(uniform) * 0.999;
    power = numbers(rows, 1);
    for (double& one : power) one = static_cast<float>(std::fabs(one) + 1e-6);
  }

  std::string text() const {
    return "rows " + std::to_string(rows) + " samples " + std::to_string(samples) + " past " + std::to_string(past) +
           " hidden " + std::to_string(hidden) + " components " + std::to_string(components);
  }

  double expanded(double y) const {
    return std::copysign(std::expm1(std::fabs(y) * std::log(num_codes)) / (num_codes - 1), y);
  }
  double companded(double x) const {
    return std::copysign(std::log1p((num_codes - 1) * std::fabs(x)) / std::log(num_codes), x);
  }

  // Logistic distributions after the numbers `context` of the `past` samples before, for one place: the chance of `code`
  // or one below it. Those of this frame have squares that add up to `used_power`.
  std::vector<double> cdf_of(const std::vector<double>& context, double used_power, long row, long i) const {
    double predicted = 0;
    for (long k = 0; k < past; ++k) predicted += expanded(context[k]) * lpc_weights[row * past + k];
    std::vector<double> inputs(context), one(hidden), two(hidden), raw(b_mixture);
    const double remaining = (samples * power[row] - used_power) / ((samples - i) * power[row]);
    inputs.push_back(companded(predicted));
    inputs.push_back(std::log(std::fmax(remaining, 1e-3)) / 4);
    for (long n = 0; n < hidden; ++n) {
      one[n] = positions[(row * samples + i) * hidden + n];
      for (long k = 0; k < past + 2; ++k) one[n] += first[n * (past + 2) + k] * inputs[k];
    }
    for (long n = 0; n < hidden; ++n) {
      two[n] = b_second[n];
      for (long k = 0; k < hidden; ++k) two[n] += second[n * hidden + k] * std::fmax(one[k], 0);
    }
    for (long n = 0; n < 3 * components; ++n)
      for (long k = 0; k < hidden; ++k) raw[n] += mixture[n * hidden + k] * std::fmax(two[k], 0);
    double total = 0;
    for (long m = 0; m < components; ++m) total += std::exp(raw[m]);
    std::vector<double> cdf(num_codes, 1);
    for (long code = 0; code + 1 < num_codes; ++code) {
      cdf[code] = 0;
      for (long m = 0; m < components; ++m) {
        const double edge = (2 * code + 1.0) / (num_codes - 1) - 1, mean = inputs[past] + first_width * raw[components + m];
        const double scale = 0.1 / (num_codes - 1) + first_width * std::log1p(std::exp(raw[2 * components + m]));
        cdf[code] += std::exp(raw[m]) / total / (1 + std::exp(-(edge - mean) / scale));
      }
    }
    return cdf;
  }
};

Array<float> sampled_by(const echoic::Kernels& target, const Tier& spec, float temperature, float floor, int threads) {
  const Array<float> first(spec.first), second(spec.second), b_second(spec.b_second), mixture(spec.mixture),
      b_mixture(spec.b_mixture), positions(spec.positions), lpc_weights(spec.lpc_weights), history(spec.history), power(spec.power);
  const std::unique_ptr<echoic::SampleTier> tier(
      target.sample_tier({spec.past, spec.hidden, spec.components, spec.num_codes, first.data(), second.data(), b_second.data(),
                          mixture.data(), b_mixture.data(), static_cast<float>(spec.first_width)}));
  Array<float> codes(spec.rows * spec.samples);
  tier->sample({spec.rows, spec.samples, positions.data(), lpc_weights.data(), history.data(), power.data(), spec.uniforms.data(),
              temperature, floor, codes.data(), threads});
  check(codes.intact(), std::string(target.name) + " leaves the memory before the levels alone: " + spec.text());
  return codes;
}

// Every level of a plain draw has its share.
void check_uniforms(const Tier& spec, const Array<float>& codes, const std::string& where) {
  bool correct = true;
  for (long row = 0; row < spec.rows; ++row) {
    std::vector<double> context(spec.history.begin() + row * spec.past, spec.history.begin() + (row + 1) * spec.past);
    double used_power = 0;
    for (long i = 0; i < spec.samples; ++i) {
      const std::vector<double> cdf = spec.cdf_of(context, used_power, row, i);
      const long code = static_cast<long>(codes.data()[row * spec.samples + i]);
      const double uniform = spec.uniforms[i * spec.rows + row];
      correct = correct && code >= 0 && code < spec.num_codes && uniform <= cdf[code] + uniform_error &&
              (code == 0 || uniform >= cdf[code - 1] - uniform_error);
      context.erase(context.begin());
      context.push_back(2.0 * code / (spec.num_codes - 1) - 1);
      used_power += std::pow(spec.expanded(context.back()), 2);
    }
  }
  check(correct, "levels are drawn where their shares say: " + where);
}

// Distributions so wide that the softplus of their raw widths is near the raw width itself, but not equal to it.
Tier wide_tier() {
  Tier wide(16, 8, 4, 16, 3, 256);
  for (long m = 0; m < wide.components; ++m) wide.b_mixture[2 * wide.components + m] = 2.5 + m;
  return wide;
}

void check_samples() {
  for (const Tier& spec :
       {Tier(1, 20, 20, 256, 6, 256), Tier(5, 3, 1, 16, 1, 256), Tier(7, 6, 4, 48, 3, 16), wide_tier()})
    for (int i = 0; i < echoic::target_count; ++i) {
      const echoic::Kernels& target = *echoic::targets[i];
      if (!is_checked(target)) continue;
      const std::string where = std::string(target.name) + " " + spec.text();
      const Array<float> plain = sampled_by(target, spec, 1, 0, 1);
      check_uniforms(spec, plain, where);
      for (int threads : {2, 3})
        check(sampled_by(target, spec, 1, 0, threads).same_bits(plain), "threads change no level: " + where);
      // A tiny floor changes almost nothing; a floor above all but the mode leaves the mode.
      check_uniforms(spec, sampled_by(target, spec, 1, 1e-9f, 1), where + ", a low floor");
      check(sampled_by(target, spec, 1, 0.999f, 1).same_bits(sampled_by(target, spec, 0, 0, 1)),
            "a high floor and temperature 0 both take the mode: " + where);
    }
}

}  // namespace
