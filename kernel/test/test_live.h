// Claims about trained networks that take single steps, for some of many streams, and that feed themselves: outputs,
// states and values are those of a plain loop in double precision over the weights as they are stored; where those are
// bfloat16, over rounded hidden vectors as well.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "call.h"
#include "half.h"
#include "plan.h"

namespace {

using echoic::Distribution;
using echoic::Storage;
using Numbers = std::vector<double>;

// A number rounded to so many significant bits; to fewer below 2 to the power of `lowest`.
double rounded(double value, int bits, int lowest) {
  int exponent;
  std::frexp(value, &exponent);
  const double unit = std::ldexp(1.0, std::max(exponent, lowest + 1) - bits);
  return std::nearbyint(value / unit) * unit;
}

// A matrix of `rows` rows as it is stored: bytes have a scale for each row.
Numbers stored(Numbers weights, long rows, Storage storage) {
  const long depth = static_cast<long>(weights.size()) / rows;
  for (long row = 0; row < rows; ++row) {
    double* one = &weights[row * depth];
    double largest = 0;
    for (long k = 0; k < depth; ++k) largest = std::fmax(largest, std::fabs(one[k]));
    const double unit = largest > 0 ? largest / 127 : 1;
    for (long k = 0; k < depth; ++k)
      one[k] = storage == Storage::f16    ? rounded(one[k], 11, -14)
               : storage == Storage::bf16 ? rounded(one[k], 8, -126)
               : storage == Storage::i8   ? std::nearbyint(one[k] / unit) * unit
                                          : one[k];
  }
  return weights;
}

struct PlainLayer {
  CellKind kind;
  long inputs, hidden;
  Numbers w_in, w_rec, bias, bias_rec;
  CaseArrays step{};  // of one row and one step, with the weights as they are stored
};

struct PlainNetwork {
  std::vector<PlainLayer> layers;
  long outputs;  // 0: the outputs are the hidden vectors
  Numbers w_out, b_out, stored_out;
  Storage storage;
  long state_size = 0;

  PlainNetwork(const std::vector<CellKind>& kinds, const std::vector<long>& sizes, long outputs, Storage storage)
      : outputs(outputs), storage(storage) {
    for (std::size_t n = 0; n < kinds.size(); ++n) {
      const CaseArrays made = random_numbers({kinds[n], 1, 1, sizes[n], sizes[n + 1], {}, false}, static_cast<unsigned>(41 + n));
      layers.push_back({kinds[n], sizes[n], sizes[n + 1], made.w_in, made.w_rec, made.bias, made.bias_rec});
      state_size += sizes[n + 1] * (kinds[n] == CellKind::lstm ? 2 : 1);
    }
    // Zeros have no exponent, and a row of them no largest weight to be the scale.
    std::fill_n(layers[0].w_rec.begin(), sizes[1], 0);
    for (PlainLayer& one : layers) {
      const long rows = static_cast<long>(one.bias.size());
      one.step = random_numbers({one.kind, 1, 1, one.inputs, one.hidden, {}, false}, 1);
      one.step.w_in = stored(one.w_in, rows, storage), one.step.w_rec = stored(one.w_rec, rows, storage);
      one.step.bias = one.bias, one.step.bias_rec = one.bias_rec;
    }
    w_out = random_row(outputs * sizes.back(), 61), b_out = random_row(outputs, 67);
    if (outputs) stored_out = stored(w_out, outputs, storage);
  }

  static Numbers random_row(long count, unsigned seed) {
    std::mt19937 draw(seed);
    return ::random_row(draw, std::max(count, 1L), 1);
  }

  long inputs() const { return layers[0].inputs; }
  bool rounds() const { return storage == Storage::bf16; }
  long width() const { return outputs ? outputs : layers.back().hidden; }
  std::string text() const {
    std::string text = "inputs " + std::to_string(inputs()) + ", layers";
    for (const PlainLayer& layer : layers)
      text += (layer.kind == CellKind::lstm ? " lstm " : " gru ") + std::to_string(layer.hidden);
    return text + ", outputs " + std::to_string(outputs) + ", storage " + std::to_string(static_cast<int>(storage));
  }

  // Replaces the `state` of one stream and returns its outputs.
  Numbers step(Numbers x, double* state) const {
    for (const PlainLayer& layer : layers) {
      const bool lstm = layer.kind == CellKind::lstm;
      const long H = layer.hidden;
      CaseArrays one = layer.step;
      one.x = x, one.h0.assign(state, state + H);
      if (lstm) one.c0.assign(state + H, state + 2 * H);
      const Expected expected = expected_of({layer.kind, 1, 1, layer.inputs, H, {}, false}, one, rounds(), &layer != &layers[0]);
      state = std::copy(expected.h_end.begin(), expected.h_end.end(), state);
      state = std::copy(expected.c_end.begin(), expected.c_end.end(), state);
      x = expected.y;
    }
    if (!outputs) return x;
    Numbers out(b_out.begin(), b_out.begin() + outputs);
    for (long n = 0; n < outputs; ++n)
      for (std::size_t k = 0; k < x.size(); ++k) out[n] += stored_out[n * x.size() + k] * (rounds() ? rounded(x[k]) : x[k]);
    return out;
  }

  std::unique_ptr<echoic::Network> packed(const echoic::Kernels& target, int threads) const {
    std::vector<std::unique_ptr<Array<float>>> arrays;
    const auto kept = [&](const Numbers& values) {
      arrays.push_back(std::make_unique<Array<float>>(values));
      return static_cast<const float*>(arrays.back()->data());
    };
    std::vector<echoic::LiveLayer> given;
    for (const PlainLayer& one : layers)
      given.push_back({one.kind, one.inputs, one.hidden, {kept(one.w_in), kept(one.w_rec), kept(one.bias), kept(one.bias_rec)}});
    // The network keeps a copy: the arrays are gone before its first step.
    return std::unique_ptr<echoic::Network>(target.network({static_cast<echoic::Index>(given.size()), given.data(), outputs,
                                                            kept(w_out), kept(b_out), storage, threads}));
  }
};

void check_near(const Array<float>& got, const Numbers& wanted, bool rounds, const std::string& what) {
  const double error = error_of(got, wanted), float_error = 2 * Tolerance<float>::output;
  check(error <= (rounds ? rounded_output : float_error), what + ", wrong by " + text_of(error));
  check(got.intact(), "the memory before is left alone: " + what);
  if (!rounds || got.count() < 300) return;
  // Few numbers lie near a tie: nearly all are what they would be without rounding, or all would be off.
  long far = 0;
  for (long n = 0; n < got.count(); ++n) far += std::fabs(got.data()[n] - wanted[n]) > float_error * std::fmax(1, std::fabs(wanted[n]));
  check(far <= got.count() / 20, what + ", " + std::to_string(far) + " of " + std::to_string(got.count()) + " are not near");
}

// What calls before have left in the memory of a call must not matter.
void fill_scratch_with_nan() {
  constexpr std::size_t bytes = 1 << 20;
  std::memset(echoic::scratch(bytes), 0xff, bytes);
}

// Three steps of some of the streams, in any order, one by one and in one call; the others stay as they are.
void check_live_steps(const PlainNetwork& network, const echoic::Kernels& target, long rows, bool by_id) {
  const long streams = by_id ? rows + 2 : rows, size = network.state_size;
  std::vector<std::int64_t> ids(rows);
  for (long row = 0; row < rows; ++row) ids[row] = by_id ? streams - 1 - row : row;
  const Numbers start = PlainNetwork::random_row(streams * size, 71);
  Numbers wanted = start;
  Array<float> states(start), more_states(start);
  Numbers all_x(3 * rows * network.inputs());  // [rows, steps, inputs]
  std::vector<float> all_out(3 * rows * network.width());
  const std::string where = std::string(target.name) + " " + network.text() + ", rows " + std::to_string(rows);
  const auto alone = network.packed(target, 1), team = network.packed(target, 3);
  for (unsigned step = 0; step < 3; ++step) {
    const Numbers x = PlainNetwork::random_row(rows * network.inputs(), 73 + step);
    const Array<float> given(x);
    Array<float> out(rows * network.width()), more_out(rows * network.width());
    fill_scratch_with_nan();
    alone->step({rows, by_id ? ids.data() : nullptr, states.data(), given.data(), out.data()});
    team->step({rows, by_id ? ids.data() : nullptr, more_states.data(), given.data(), more_out.data()});
    check(out.same_bits(more_out) && states.same_bits(more_states), "threads change nothing of a step: " + where);
    Numbers outputs;
    for (long row = 0; row < rows; ++row) {
      const auto first = x.begin() + row * network.inputs();
      const Numbers made = network.step(Numbers(first, first + network.inputs()), &wanted[ids[row] * size]);
      outputs.insert(outputs.end(), made.begin(), made.end());
    }
    check_near(out, outputs, network.rounds(), "outputs of a step: " + where);
    check_near(states, wanted, network.rounds(), "states after a step: " + where);
    for (long row = 0; row < rows; ++row) {
      std::copy_n(&x[row * network.inputs()], network.inputs(), &all_x[(3 * row + step) * network.inputs()]);
      std::copy_n(out.data() + row * network.width(), network.width(), &all_out[(3 * row + step) * network.width()]);
    }
  }
  const Array<float> given(all_x);
  for (int threads : {1, 3}) {
    Array<float> out(3 * rows * network.width()), after(start);
    network.packed(target, threads)->step({rows, by_id ? ids.data() : nullptr, after.data(), given.data(), out.data(), 3});
    check(std::equal(all_out.begin(), all_out.end(), out.data()) && out.intact(), "outputs of three steps at once: " + where);
    check(after.same_bits(states) && after.intact(), "states after three steps at once: " + where);
  }
}

// The class whose cumulative probability is the first beyond `uniform`; without a temperature the most probable one.
long class_of(const Numbers& logits, double temperature, double uniform) {
  if (temperature == 0) return std::max_element(logits.begin(), logits.end()) - logits.begin();
  double total = 0, cumulative = 0;
  for (double one : logits) total += std::exp(one / temperature);
  long found = 0;
  while ((cumulative += std::exp(logits[found] / temperature)) <= uniform * total) ++found;
  return found;
}

// Five steps in which a network is fed with what its outputs say.
void check_live_loop(const PlainNetwork& network, const echoic::Kernels& target, Distribution distribution,
                     float temperature, int threads) {
  constexpr long rows = 3, steps = 5;
  const bool classes = distribution == Distribution::categorical, normal = distribution == Distribution::gaussian;
  const bool binary = distribution == Distribution::bernoulli;
  const long inputs = network.inputs(), values = classes ? 1 : inputs, size = network.state_size;
  const double min_scale = 0.25f;
  Numbers wanted_states = PlainNetwork::random_row(rows * size, 83), outputs = PlainNetwork::random_row(rows * network.outputs, 89);
  const Numbers table = PlainNetwork::random_row(network.outputs * inputs, 97);
  Numbers noise = PlainNetwork::random_row(steps * rows * values, 101);
  for (double& one : noise) one = classes || binary ? std::fabs(one) : 2 * one;

  Array<float> states(wanted_states), out(outputs), found(steps * rows * values);
  const Array<float> given_noise(noise), given_table(table);
  network.packed(target, threads)->loop(
      {rows, nullptr, states.data(), nullptr, out.data()},
      {steps, distribution, temperature, static_cast<float>(min_scale), temperature > 0 ? given_noise.data() : nullptr,
       classes ? given_table.data() : nullptr, found.data()});

  Numbers wanted;
  for (long step = 0; step < steps; ++step)
    for (long row = 0; row < rows; ++row) {
      double* raw = &outputs[row * network.outputs];
      const double* draw = &noise[(step * rows + row) * values];
      Numbers x(inputs);
      if (classes) {
        const long one = class_of(Numbers(raw, raw + network.outputs), temperature, *draw);
        std::copy_n(&table[one * inputs], inputs, x.begin());
        wanted.push_back(one);
      } else {
        for (long n = 0; n < inputs; ++n)
          x[n] = binary   ? (temperature > 0 ? draw[n] < 1 / (1 + std::exp(-raw[n] / temperature)) : raw[n] > 0)
                 : normal ? raw[2 * n] + temperature * draw[n] * (std::log1p(std::exp(raw[2 * n + 1])) + min_scale)
                          : raw[n];
        wanted.insert(wanted.end(), x.begin(), x.end());
      }
      const Numbers made = network.step(x, &wanted_states[row * size]);
      std::copy(made.begin(), made.end(), raw);
    }
  const std::string where = std::string(target.name) + " distribution " + std::to_string(static_cast<int>(distribution)) +
                            " temperature " + text_of(temperature) + " " + network.text();
  check_near(found, wanted, network.rounds(), "values of a loop: " + where);
  check_near(states, wanted_states, network.rounds(), "states after a loop: " + where);
  check_near(out, outputs, network.rounds(), "outputs after a loop: " + where);
}

// A stream that steps alone gives what it gives among others: the same bits, or nearly so where tiles multiply many rows, and
// in plain C++, whose rows the compiler may put into vectors of its own, with other rounding where it has an FMA (ARM).
void check_alone_and_among_others(const PlainNetwork& network, const echoic::Kernels& target, long rows, bool in_tiles) {
  const long size = network.state_size, width = network.width(), inputs = network.inputs();
  const Numbers start = PlainNetwork::random_row(rows * size, 103);
  const Array<float> x(PlainNetwork::random_row(rows * inputs, 107));
  Array<float> states(start), out(rows * width), alone(start), out_alone(rows * width);
  const auto packed = network.packed(target, 1);
  packed->step({rows, nullptr, states.data(), x.data(), out.data()});
  for (long row = 0; row < rows; ++row)
    packed->step({1, nullptr, alone.data() + row * size, x.data() + row * inputs, out_alone.data() + row * width});
  const std::string where = std::string(target.name) + " " + network.text() + ", rows " + std::to_string(rows);
  if (!in_tiles && target.f32->width > 1) return check(out.same_bits(out_alone) && states.same_bits(alone), "a stream does not notice the others: " + where);
  check_near(out, {out_alone.data(), out_alone.data() + rows * width}, network.rounds(), "outputs of a stream alone: " + where);
  check_near(states, {alone.data(), alone.data() + rows * size}, network.rounds(), "state of a stream alone: " + where);
}

// What an infinite input makes of the units that fill up a vector must not reach those that exist, nor other rows.
void check_infinite_input_of_a_stream(const PlainNetwork& network, const echoic::Kernels& target) {
  constexpr long rows = 5;
  Numbers wanted = PlainNetwork::random_row(rows * network.state_size, 109), x = PlainNetwork::random_row(rows * network.inputs(), 113);
  x[2 * network.inputs()] = infinity;
  Array<float> states(wanted), out(rows * network.width());
  const Array<float> given(x);
  const auto packed = network.packed(target, 1);
  for (int step = 0; step < 3; ++step) {
    packed->step({rows, nullptr, states.data(), given.data(), out.data()});
    Numbers outputs;
    for (long row = 0; row < rows; ++row) {
      const auto first = x.begin() + row * network.inputs();
      const Numbers made = network.step(Numbers(first, first + network.inputs()), &wanted[row * network.state_size]);
      outputs.insert(outputs.end(), made.begin(), made.end());
    }
    check_near(out, outputs, network.rounds(), "outputs with an infinite input: " + std::string(target.name) + " " + network.text());
  }
}

// There and back, each half is itself; between two of them a number goes to the nearer one, and the middle to the even.
void check_halves() {
  bool same = true, nearest = true, signs = true;
  for (std::uint16_t half = 0; half < 0x7c00; ++half) {
    const float value = echoic::float_from_half(half), next = half < 0x7bff ? echoic::float_from_half(half + 1) : 65536.0f;
    same = same && echoic::half_from_float(value) == half;
    signs = signs && echoic::half_from_float(-value) == (half | 0x8000) && std::signbit(echoic::float_from_half(half | 0x8000));
    const float middle = value + (next - value) / 2;
    nearest = nearest && echoic::half_from_float(std::nextafter(middle, value)) == half &&
              echoic::half_from_float(std::nextafter(middle, next)) == half + 1 &&
              echoic::half_from_float(middle) == half + half % 2;
  }
  check(same, "a half is itself after a way through float");
  check(nearest, "a number becomes the nearest half");
  check(signs, "a half keeps its sign");
  check(std::isinf(echoic::float_from_half(echoic::half_from_float(1e30f))) &&
            std::isnan(echoic::float_from_half(echoic::half_from_float(static_cast<float>(nan)))),
        "infinity and not-a-number stay what they are");
}

// The same for the upper halves of floats, whose neighbours are 2^16 steps of a float apart.
void check_bfloat16() {
  bool same = true, nearest = true, signs = true;
  const auto float_of = [](std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  };
  const auto made = [](float value) { return echoic::bfloat16_from_float(value).bits; };
  for (std::uint32_t upper = 0; upper < 0x7f80; ++upper) {
    const std::uint32_t bits = upper << 16;
    same = same && made(float_of(bits)) == upper;
    signs = signs && made(-float_of(bits)) == (upper | 0x8000);
    nearest = nearest && made(float_of(bits + 0x7fff)) == upper && made(float_of(bits + 0x8001)) == upper + 1 &&
              made(float_of(bits + 0x8000)) == upper + upper % 2;
  }
  check(same, "a bfloat16 is itself after a way through float");
  check(nearest, "a number becomes the nearest bfloat16");
  check(signs, "a bfloat16 keeps its sign");
  check(made(INFINITY) == 0x7f80 && made(3.4e38f) == 0x7f80 && std::isnan(float_of(made(float_of(0x7f800001)) << 16u)),
        "infinity and not-a-number stay what they are, of bfloat16 too");
}

void check_live(bool quick) {
  check_halves();
  check_bfloat16();
  constexpr CellKind lstm = CellKind::lstm, gru = CellKind::gru;
  for (int i = 0; i < echoic::target_count; ++i) {
    const echoic::Kernels& target = *echoic::targets[i];
    if (!is_checked(target)) continue;
    for (Storage storage : {Storage::f32, Storage::f16, Storage::bf16, Storage::i8}) {
      for (long rows : quick ? std::vector<long>{7} : std::vector<long>{1, 7, 19}) {
        check_live_steps({{lstm}, {3, 5}, 0, storage}, target, rows, false);
        check_live_steps({{gru}, {1, 17}, 20, storage}, target, rows, true);
        check_live_steps({{gru, lstm, gru}, {2, 33, 16, 7}, 3, storage}, target, rows, true);
      }
      check_live_steps({{lstm, gru}, {2, 5, 4}, 0, storage}, target, quick ? 100 : 205, true);  // more than a block
      check_live_steps({{gru}, {2, 5}, 3, storage}, target, quick ? 100 : 205, false);
      check_alone_and_among_others({{lstm, gru}, {3, 37, 9}, 2, storage}, target, quick ? 40 : 135, false);
      check_infinite_input_of_a_stream({{gru, lstm}, {2, 7, 5}, 3, storage}, target);
      for (int threads : quick ? std::vector<int>{2} : std::vector<int>{1, 2})
        for (float temperature : {0.0f, 0.75f}) {
          check_live_loop({{lstm, gru}, {2, 9, 17}, 2, storage}, target, Distribution::point, temperature, threads);
          check_live_loop({{gru, lstm}, {2, 9, 17}, 4, storage}, target, Distribution::gaussian, temperature, threads);
          check_live_loop({{lstm}, {3, 16}, 21, storage}, target, Distribution::categorical, temperature, threads);
          check_live_loop({{gru}, {5, 16}, 5, storage}, target, Distribution::bernoulli, temperature, threads);
        }
    }
  }
}

}  // namespace
