// What a network that feeds itself makes of the outputs of a step: values drawn from them, and the next input.
#pragma once

namespace {

using echoic::Distribution;
using echoic::LiveLoop;

struct DrawnStep {
  Index i, rows;
  const float* params;  // [rows, outputs], rows `params_row` apart
  Index outputs, params_row;
  float* x;  // [rows, inputs]
  Index inputs;
};

inline Index argmax(const float* logits, Index count) {
  Index best = 0;
  for (Index n = 1; n < count; ++n)
    if (logits[n] > logits[best]) best = n;
  return best;
}

// The class at which the summed probabilities pass `uniform`.
inline Index sample_class(const float* logits, Index count, float temperature, float uniform) {
  const float top = logits[argmax(logits, count)];
  const auto weight = [&](Index n) { return static_cast<double>(expf((logits[n] - top) / temperature)); };
  double total = 0, cumulative = 0;
  for (Index n = 0; n < count; ++n) total += weight(n);
  for (Index n = 0; n < count; ++n)
    if ((cumulative += weight(n)) > uniform * total) return n;
  return count - 1;
}

// At temperature 0 `random` points to nothing.
inline float draw_value(const LiveLoop& loop, const float* params, Index n, const float* random) {
  const bool is_random = loop.temperature > 0;
  if (loop.distribution == Distribution::point) return params[n];
  if (loop.distribution == Distribution::bernoulli) {
    if (!is_random) return params[n] > 0 ? 1.0f : 0.0f;
    return random[n] < 1 / (1 + expf(-params[n] / loop.temperature)) ? 1.0f : 0.0f;
  }
  const float mean = params[2 * n], raw = params[2 * n + 1];
  if (!is_random) return mean;
  const float deviation = (raw > 20 ? raw : log1pf(expf(raw))) + loop.min_scale;
  return mean + loop.temperature * (deviation * random[n]);
}

inline void draw_values(const LiveLoop& loop, const DrawnStep& step) {
  const bool is_class = loop.distribution == Distribution::categorical;
  const Index values = is_class ? 1 : step.inputs;
  for (Index row = 0; row < step.rows; ++row) {
    const Index place = (step.i * step.rows + row) * values;
    const float* params = step.params + row * step.params_row;
    const float* random = loop.temperature > 0 && loop.noise ? loop.noise + place : nullptr;
    float* x = step.x + row * step.inputs;
    if (is_class) {
      const Index drawn = random ? sample_class(params, step.outputs, loop.temperature, *random) : argmax(params, step.outputs);
      loop.values[place] = static_cast<float>(drawn);
      for (Index n = 0; n < step.inputs; ++n) x[n] = loop.table[drawn * step.inputs + n];
    } else {
      for (Index n = 0; n < values; ++n) loop.values[place + n] = x[n] = draw_value(loop, params, n, random);
    }
  }
}

inline void draw_chords(const LiveLoop& loop, const DrawnStep& step, char* workspace) {
  const float* uniforms = loop.temperature > 0 ? loop.noise + *loop.choices : nullptr;
  *loop.choices += loop.chords->draw({step.rows, step.params, step.params_row, loop.temperature, uniforms, step.x, workspace});
  const Index count = step.rows * step.inputs;
  for (Index n = 0; n < count; ++n) loop.values[step.i * count + n] = step.x[n];
}

}  // namespace
