// The fast tier of raw audio: sample after sample of a frame, each drawn from a mixture of logistic distributions that
// a network of two hidden layers makes from the samples before it and from the power that is left for those to come.
//
// Rows are shared out among the threads and do not meet. Sums run in the same order however many rows there are.
#pragma once
#include <float.h>

namespace {

using echoic::SampleCall;
using echoic::SampleWeights;

// The distributions of one sample.
struct Mixture {
  static constexpr Index capacity = echoic::max_components;
  Index components, num_codes;
  float weight[capacity], mean[capacity], inverse_scale[capacity];

  // From weights, means and widths as the network gives them.
  void set(const float* raw, float centre, float first_width) {
    const float min_scale = 1.0f / (num_codes - 1) / 10;
    float max_logit = raw[0], total = 0;
    for (Index m = 1; m < components; ++m) max_logit = fmaxf(max_logit, raw[m]);
    for (Index m = 0; m < components; ++m) {
      const float width = raw[2 * components + m];
      total += weight[m] = expf(raw[m] - max_logit);
      mean[m] = centre + first_width * raw[components + m];
      inverse_scale[m] = 1 / (min_scale + first_width * (width > 20 ? width : log1pf(expf(width))));
    }
    for (Index m = 0; m < components; ++m) weight[m] /= total;
  }

  // The chance of `code` or one below it.
  double cdf(Index code) const {
    if (code == num_codes - 1) return 1;
    const float edge = (2 * code + 1.0f) / (num_codes - 1) - 1;
    double sum = 0;
    for (Index m = 0; m < components; ++m)
      sum += static_cast<double>(weight[m] / (1 + expf(-(edge - mean[m]) * inverse_scale[m])));
    return sum;
  }

  // The first level at which the chances add up beyond `uniform`.
  Index inverse_cdf(double uniform) const {
    Index low = 0, high = num_codes - 1;
    while (low < high) {
      const Index middle = (low + high) / 2;
      if (cdf(middle) > uniform)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }

  // The chance of each level; `edges` [levels] lie between it and the next one, and `prob` has whole vectors.
  template <class V>
  void probs(const float* edges, float* prob) const {
    for (Index n = 0; n < num_codes; n += V::width) {
      const V edge = V::load(edges + n);
      V sum = V::all(0.0f);
      for (Index m = 0; m < components; ++m)
        sum = fma(V::all(weight[m]), logistic((edge - V::all(mean[m])) * V::all(inverse_scale[m])), sum);
      sum.store(prob + n);
    }
    prob[num_codes - 1] = 1;
    for (Index n = num_codes - 1; n > 0; --n) prob[n] = fmaxf(prob[n] - prob[n - 1], 0.0f);
  }
};

// The first level at which the chances, sharpened by `temperature` (0: the likeliest level) and with `floor` taken off
// each, add up beyond `uniform` of them all.
inline Index sample_code(float* prob, Index num_codes, double uniform, float temperature, float floor) {
  Index mode = 0;
  for (Index n = 1; n < num_codes; ++n)
    if (prob[n] > prob[mode]) mode = n;
  if (temperature == 0) return mode;
  const float max_prob = prob[mode];
  double total = 0, remaining = 0, cumulative = 0;
  for (Index n = 0; n < num_codes; ++n) {
    if (temperature != 1) prob[n] = powf(prob[n] / max_prob, 1 / temperature);
    total += static_cast<double>(prob[n]);
  }
  for (Index n = 0; n < num_codes; ++n) {
    prob[n] = fmaxf(prob[n] / static_cast<float>(total) - floor, n == mode ? 1e-12f : 0.0f);
    remaining += static_cast<double>(prob[n]);
  }
  for (Index n = 0; n < num_codes; ++n)
    if ((cumulative += static_cast<double>(prob[n])) > uniform * remaining) return n;
  return mode;
}

template <class V>
class SampleTierImpl final : public echoic::SampleTier {
  static constexpr Index W = V::width;

  SampleWeights sizes_;
  Index mixture_row_, code_row_;
  Panels<V> first_, second_, mixture_;
  float *b_second_, *b_mixture_, *values_, *sound_, *edge_;
  char* memory_;

 public:
  explicit SampleTierImpl(const SampleWeights& from) : sizes_(from) {
    mixture_row_ = group_count(3 * from.components, W) * W;
    code_row_ = group_count(from.num_codes, W) * W;
    Arena counter;
    allocate_buffers(counter);
    memory_ = echoic::allocate_aligned(counter.used);
    Arena arena{memory_, 0};
    allocate_buffers(arena);
    first_.pack(from.w_first, from.hidden);
    second_.pack(from.w_second, from.hidden);
    mixture_.pack(from.w_mixture, 3 * from.components);
    copy_padded<V>(from.b_second, from.hidden, b_second_);
    copy_padded<V>(from.b_mixture, 3 * from.components, b_mixture_);
    for (Index n = 0; n < from.num_codes; ++n) {
      values_[n] = 2.0f * n / (from.num_codes - 1) - 1;
      sound_[n] = expanded(values_[n]);
    }
    for (Index n = 0; n < code_row_; ++n) edge_[n] = (2 * n + 1.0f) / (from.num_codes - 1) - 1;
  }

  ~SampleTierImpl() override { echoic::free_aligned(memory_); }

  void sample(const SampleCall& call) const override {
    Arena counter;
    allocate_workspace(counter, call.rows);
    struct Job {
      const SampleTierImpl& self;
      const SampleCall& call;
      char* memory;
    } job{*this, call, echoic::scratch(counter.used * static_cast<std::size_t>(call.threads))};
    const auto work = [](void* argument, const Team& team) {
      const auto& task = *static_cast<const Job*>(argument);
      Arena counter;
      task.self.allocate_workspace(counter, task.call.rows);
      Arena arena{task.memory + team.id * counter.used, 0};
      const Index rows = task.call.rows;
      task.self.sample_rows(task.call, rows * team.id / team.size, rows * (team.id + 1) / team.size,
                          task.self.allocate_workspace(arena, rows));
    };
    echoic::run_team(call.threads, work, &job);
  }

 private:
  struct Workspace {  // of the rows of one thread
    float *context, *sound, *used, *hidden1, *hidden2, *mixture, *prob;
  };

  Index inputs() const { return sizes_.past + 2; }

  void allocate_buffers(Arena& arena) {
    first_.allocate(arena, sizes_.hidden, inputs());
    second_.allocate(arena, sizes_.hidden, sizes_.hidden);
    mixture_.allocate(arena, 3 * sizes_.components, sizes_.hidden);
    b_second_ = arena.allocate<float>(group_count(sizes_.hidden, W) * W);
    b_mixture_ = arena.allocate<float>(mixture_row_);
    values_ = arena.allocate<float>(sizes_.num_codes);
    sound_ = arena.allocate<float>(sizes_.num_codes);
    edge_ = arena.allocate<float>(code_row_);
  }

  Workspace allocate_workspace(Arena& arena, Index rows) const {
    return {arena.allocate<float>(rows * inputs()),      arena.allocate<float>(rows * sizes_.past),
            arena.allocate<float>(rows),                 arena.allocate<float>(rows * sizes_.hidden),
            arena.allocate<float>(rows * sizes_.hidden), arena.allocate<float>(rows * mixture_row_),
            arena.allocate<float>(code_row_)};
  }

  float companded(float x) const {
    return copysignf(log1pf((sizes_.num_codes - 1) * fabsf(x)) / logf(static_cast<float>(sizes_.num_codes)), x);
  }
  float expanded(float y) const {
    return copysignf(expm1f(fabsf(y) * logf(static_cast<float>(sizes_.num_codes))) / (sizes_.num_codes - 1), y);
  }

  // The power left for each of the `samples` to come, against the one given: of `all` samples some have `used` theirs.
  static float remaining_power(float power, float used, Index samples, Index all) {
    return logf(fmaxf((all * power - used) / (samples * power), echoic::min_remaining)) / echoic::remaining_unit;
  }

  void sample_rows(const SampleCall& call, Index begin, Index end, const Workspace& work) const {
    const Index past = sizes_.past, hidden = sizes_.hidden, width = inputs(), rows = end - begin;
    Mixture mixture{sizes_.components, sizes_.num_codes, {}, {}, {}};
    for (Index row = 0; row < rows; ++row) {
      work.used[row] = 0;
      for (Index k = 0; k < past; ++k) {
        const float value = call.history[(begin + row) * past + k];
        work.context[row * width + k] = value;
        work.sound[row * past + k] = expanded(value);
      }
    }
    for (Index t = 0; t < call.samples; ++t) {
      for (Index row = 0; row < rows; ++row) {
        float predicted = 0;
        for (Index k = 0; k < past; ++k)
          predicted += work.sound[row * past + k] * call.lpc_weights[(begin + row) * past + k];
        float* after = work.context + row * width + past;
        after[0] = companded(predicted);
        after[1] = remaining_power(call.power[begin + row], work.used[row], call.samples - t, call.samples);
      }
      first_.multiply_by(work.context, width, call.positions + (begin * call.samples + t) * hidden, call.samples * hidden,
                         work.hidden1, hidden, rows);
      relu(work.hidden1, rows * hidden);
      second_.multiply_by(work.hidden1, hidden, b_second_, 0, work.hidden2, hidden, rows);
      relu(work.hidden2, rows * hidden);
      mixture_.multiply_by(work.hidden2, hidden, b_mixture_, 0, work.mixture, mixture_row_, rows);
      for (Index row = 0; row < rows; ++row) {
        float* context = work.context + row * width;
        mixture.set(work.mixture + row * mixture_row_, context[past], sizes_.first_width);
        const double uniform = call.uniforms[t * call.rows + begin + row];
        Index code;
        if (call.temperature == 1 && call.floor == 0) {
          code = mixture.inverse_cdf(uniform);
        } else {
          mixture.template probs<V>(edge_, work.prob);
          code = sample_code(work.prob, sizes_.num_codes, uniform, call.temperature, call.floor);
        }
        call.codes[(begin + row) * call.samples + t] = static_cast<float>(code);
        for (Index k = 0; k + 1 < past; ++k) context[k] = context[k + 1];
        for (Index k = 0; k + 1 < past; ++k) work.sound[row * past + k] = work.sound[row * past + k + 1];
        context[past - 1] = values_[code];
        work.sound[row * past + past - 1] = sound_[code];
        work.used[row] += sound_[code] * sound_[code];
      }
    }
  }

  static void relu(float* x, Index count) {
    for (Index n = 0; n < count; n += W) clamp(V::load(x + n), 0.0f, FLT_MAX).store(x + n);
  }
};

template <class V>
echoic::SampleTier* make_sample_tier(const SampleWeights& weights) {
  return new SampleTierImpl<V>(weights);
}

}  // namespace
