// Claims about the fast tier of raw audio: every level is the one at which a plain loop in double precision, going on
// from the levels drawn before it, finds its share of the distribution.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "call.h"

namespace {

// Float32 sums of another order move the bounds between levels by so much at most.
constexpr double share_error = 1e-4;

struct Tier {
  long rows, samples, past, hidden, components, levels;
  std::vector<double> first, second, b_second, mixture, b_mixture, places, prediction, window, power, shares;
  double first_width = 0.05;

  Tier(long rows, long samples, long past, long hidden, long components, long levels)
      : rows(rows), samples(samples), past(past), hidden(hidden), components(components), levels(levels) {
    std::mt19937 draw(5);
    const auto numbers = [&](long count, double scale) {
      std::vector<double> made(count);
      for (double& one : made) one = static_cast<float>(scale * (draw() / 2147483648.0 - 1));
      return made;
    };
    const double fan = 2 / std::sqrt(1.0 + hidden);
    first = numbers(hidden * (past + 2), 1), second = numbers(hidden * hidden, fan), b_second = numbers(hidden, 1);
    mixture = numbers(3 * components * hidden, fan), b_mixture = numbers(3 * components, 1);
    places = numbers(rows * samples * hidden, 1), prediction = numbers(rows * past, 1.0 / past);
    window = numbers(rows * past, 1), shares = numbers(samples * rows, 1);
    for (double& share : shares) share = std::fabs(share) * 0.999;
    power = numbers(rows, 1);
    for (double& one : power) one = static_cast<float>(std::fabs(one) + 1e-6);
  }

  std::string text() const {
    return "rows " + std::to_string(rows) + " samples " + std::to_string(samples) + " past " + std::to_string(past) +
           " hidden " + std::to_string(hidden) + " components " + std::to_string(components);
  }

  double expanded(double y) const {
    return std::copysign(std::expm1(std::fabs(y) * std::log(levels)) / (levels - 1), y);
  }
  double companded(double x) const {
    return std::copysign(std::log1p((levels - 1) * std::fabs(x)) / std::log(levels), x);
  }

  // Logistic distributions after the numbers `seen` of the `past` samples before, for one place: the chance of `level`
  // or one below it. Those of this frame have squares that add up to `used`.
  std::vector<double> summed_chances(const std::vector<double>& seen, double used, long row, long at) const {
    double predicted = 0;
    for (long k = 0; k < past; ++k) predicted += expanded(seen[k]) * prediction[row * past + k];
    std::vector<double> inputs(seen), one(hidden), two(hidden), raw(b_mixture);
    const double left = (samples * power[row] - used) / ((samples - at) * power[row]);
    inputs.push_back(companded(predicted));
    inputs.push_back(std::log(std::fmax(left, 1e-3)) / 4);
    for (long n = 0; n < hidden; ++n) {
      one[n] = places[(row * samples + at) * hidden + n];
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
    std::vector<double> summed(levels, 1);
    for (long level = 0; level + 1 < levels; ++level) {
      summed[level] = 0;
      for (long m = 0; m < components; ++m) {
        const double edge = (2 * level + 1.0) / (levels - 1) - 1, mean = inputs[past] + first_width * raw[components + m];
        const double scale = 0.1 / (levels - 1) + first_width * std::log1p(std::exp(raw[2 * components + m]));
        summed[level] += std::exp(raw[m]) / total / (1 + std::exp(-(edge - mean) / scale));
      }
    }
    return summed;
  }
};

Array<float> drawn_by(const echoic::Kernels& target, const Tier& of, float temperature, float floor, int threads) {
  const Array<float> first(of.first), second(of.second), b_second(of.b_second), mixture(of.mixture),
      b_mixture(of.b_mixture), places(of.places), prediction(of.prediction), window(of.window), power(of.power);
  const std::unique_ptr<echoic::SampleTier> tier(
      target.sample_tier({of.past, of.hidden, of.components, of.levels, first.data(), second.data(), b_second.data(),
                          mixture.data(), b_mixture.data(), static_cast<float>(of.first_width)}));
  Array<float> drawn(of.rows * of.samples);
  tier->draw({of.rows, of.samples, places.data(), prediction.data(), window.data(), power.data(), of.shares.data(),
              temperature, floor, drawn.data(), threads});
  check(drawn.intact(), std::string(target.name) + " leaves the memory before the levels alone: " + of.text());
  return drawn;
}

// Every level of a plain draw has its share.
void check_shares(const Tier& of, const Array<float>& drawn, const std::string& where) {
  bool right = true;
  for (long row = 0; row < of.rows; ++row) {
    std::vector<double> seen(of.window.begin() + row * of.past, of.window.begin() + (row + 1) * of.past);
    double used = 0;
    for (long at = 0; at < of.samples; ++at) {
      const std::vector<double> summed = of.summed_chances(seen, used, row, at);
      const long level = static_cast<long>(drawn.data()[row * of.samples + at]);
      const double share = of.shares[at * of.rows + row];
      right = right && level >= 0 && level < of.levels && share <= summed[level] + share_error &&
              (level == 0 || share >= summed[level - 1] - share_error);
      seen.erase(seen.begin());
      seen.push_back(2.0 * level / (of.levels - 1) - 1);
      used += std::pow(of.expanded(seen.back()), 2);
    }
  }
  check(right, "levels are drawn where their shares say: " + where);
}

void check_samples() {
  for (const Tier& of : {Tier(1, 20, 20, 256, 6, 256), Tier(5, 3, 1, 16, 1, 256), Tier(7, 6, 4, 48, 3, 16)})
    for (int at = 0; at < echoic::target_count; ++at) {
      const echoic::Kernels& target = *echoic::targets[at];
      if (!target.supported()) continue;
      const std::string where = std::string(target.name) + " " + of.text();
      const Array<float> plain = drawn_by(target, of, 1, 0, 1);
      check_shares(of, plain, where);
      for (int threads : {2, 3})
        check(drawn_by(target, of, 1, 0, threads).same_bits(plain), "threads change no level: " + where);
      // Almost nothing taken off changes almost nothing; a floor above all but the likeliest leaves that one.
      check_shares(of, drawn_by(target, of, 1, 1e-9f, 1), where + ", a low floor");
      check(drawn_by(target, of, 1, 0.999f, 1).same_bits(drawn_by(target, of, 0, 0, 1)),
            "a high floor and no temperature both take the likeliest: " + where);
    }
}

}  // namespace
