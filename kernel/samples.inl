// The fast tier of raw audio: sample after sample of a frame, each drawn from a mixture of logistic distributions that
// a network of two hidden layers makes from the samples before it and from the power that is left for those to come.
//
// Rows are shared out among the threads and do not meet. Sums run in the same order however many rows there are.
#pragma once
#include <float.h>

namespace {

using echoic::SampleCall;
using echoic::SampleWeights;

// [columns, depth] in panels of up to 4 vectors of columns, each panel [depth, its columns].
template <class V>
struct Panels {
  static constexpr Index W = V::width, most_vectors = 4;
  Index depth, groups;
  float* weights;

  void take(Carver& memory, Index columns, Index rows) {
    depth = rows;
    groups = groups_of(columns, W);
    weights = memory.take<float>(depth * groups * W);
  }

  Index vectors(Index panel) const { return min_of(most_vectors, groups - panel * most_vectors); }

  void put(const float* from, Index columns) {
    for (Index panel = 0; panel * most_vectors < groups; ++panel) {
      const Index first = panel * most_vectors * W, there = min_of(columns - first, vectors(panel) * W);
      transpose(from + first * depth, depth, depth, there, weights + first * depth, vectors(panel) * W,
                vectors(panel) * W);
    }
  }

  // to[row] = start[row] + a[row] * weights, for rows `distance` apart.
  void multiply_by(const float* a, Index a_row, const float* start, Index start_row, float* to, Index to_row,
                   Index rows) const {
    for (Index panel = 0; panel * most_vectors < groups; ++panel) {
      const Index first = panel * most_vectors * W;
      multiply<V>(Product<float>{1, depth, a, a_row, 1, 0, weights + first * depth, vectors(panel) * W, 0,
                                 start + first, start_row, to + first, to_row},
                  rows, vectors(panel));
    }
  }
};

// The distributions of one sample.
struct Mixture {
  static constexpr Index most = echoic::most_components;
  Index components, levels;
  float weight[most], mean[most], steepness[most];

  // From weights, means and widths as the network gives them.
  void set(const float* raw, float centre, float first_width) {
    const float narrowest = 1.0f / (levels - 1) / 10;
    float top = raw[0], total = 0;
    for (Index m = 1; m < components; ++m) top = fmaxf(top, raw[m]);
    for (Index m = 0; m < components; ++m) {
      const float width = raw[2 * components + m];
      total += weight[m] = expf(raw[m] - top);
      mean[m] = centre + first_width * raw[components + m];
      steepness[m] = 1 / (narrowest + first_width * (width > 20 ? width : log1pf(expf(width))));
    }
    for (Index m = 0; m < components; ++m) weight[m] /= total;
  }

  // The chance of `level` or one below it.
  double upto(Index level) const {
    if (level == levels - 1) return 1;
    const float edge = (2 * level + 1.0f) / (levels - 1) - 1;
    double sum = 0;
    for (Index m = 0; m < components; ++m)
      sum += static_cast<double>(weight[m] / (1 + expf(-(edge - mean[m]) * steepness[m])));
    return sum;
  }

  // The first level at which the chances add up beyond `share`.
  Index level_at(double share) const {
    Index low = 0, high = levels - 1;
    while (low < high) {
      const Index middle = (low + high) / 2;
      if (upto(middle) > share)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }

  // The chance of each level; `edges` [levels] lie between it and the next one, and `chance` has whole vectors.
  template <class V>
  void chances(const float* edges, float* chance) const {
    for (Index n = 0; n < levels; n += V::width) {
      const V edge = V::load(edges + n);
      V sum = V::all(0.0f);
      for (Index m = 0; m < components; ++m)
        sum = fma(V::all(weight[m]), logistic((edge - V::all(mean[m])) * V::all(steepness[m])), sum);
      sum.store(chance + n);
    }
    chance[levels - 1] = 1;
    for (Index n = levels - 1; n > 0; --n) chance[n] = fmaxf(chance[n] - chance[n - 1], 0.0f);
  }
};

// The first level at which the chances, sharpened by `temperature` (0: the likeliest level) and with `floor` taken off
// each, add up beyond `share` of them all.
inline Index level_among(float* chance, Index levels, double share, float temperature, float floor) {
  Index likeliest = 0;
  for (Index n = 1; n < levels; ++n)
    if (chance[n] > chance[likeliest]) likeliest = n;
  if (temperature == 0) return likeliest;
  const float most_likely = chance[likeliest];
  double total = 0, left = 0, passed = 0;
  for (Index n = 0; n < levels; ++n) {
    if (temperature != 1) chance[n] = powf(chance[n] / most_likely, 1 / temperature);
    total += static_cast<double>(chance[n]);
  }
  for (Index n = 0; n < levels; ++n) {
    chance[n] = fmaxf(chance[n] / static_cast<float>(total) - floor, n == likeliest ? 1e-12f : 0.0f);
    left += static_cast<double>(chance[n]);
  }
  for (Index n = 0; n < levels; ++n)
    if ((passed += static_cast<double>(chance[n])) > share * left) return n;
  return likeliest;
}

template <class V>
class SampleTierOf final : public echoic::SampleTier {
  static constexpr Index W = V::width;

  SampleWeights sizes_;
  Index mixture_row_, level_row_;
  Panels<V> first_, second_, mixture_;
  float *b_second_, *b_mixture_, *number_, *sound_, *edge_;
  char* memory_;

 public:
  explicit SampleTierOf(const SampleWeights& from) : sizes_(from) {
    mixture_row_ = groups_of(3 * from.components, W) * W;
    level_row_ = groups_of(from.levels, W) * W;
    Carver counter;
    carve(counter);
    memory_ = echoic::allocate(counter.used);
    Carver memory{memory_, 0};
    carve(memory);
    first_.put(from.w_first, from.hidden);
    second_.put(from.w_second, from.hidden);
    mixture_.put(from.w_mixture, 3 * from.components);
    widen<V>(from.b_second, from.hidden, b_second_);
    widen<V>(from.b_mixture, 3 * from.components, b_mixture_);
    for (Index n = 0; n < from.levels; ++n) {
      number_[n] = 2.0f * n / (from.levels - 1) - 1;
      sound_[n] = expanded(number_[n]);
    }
    for (Index n = 0; n < level_row_; ++n) edge_[n] = (2 * n + 1.0f) / (from.levels - 1) - 1;
  }

  ~SampleTierOf() override { echoic::release(memory_); }

  void draw(const SampleCall& call) const override {
    Carver counter;
    carve_work(counter, call.rows);
    struct Job {
      const SampleTierOf& self;
      const SampleCall& call;
      char* memory;
    } job{*this, call, echoic::scratch(counter.used * static_cast<std::size_t>(call.threads))};
    const auto work = [](void* argument, const Team& team) {
      const auto& mine = *static_cast<const Job*>(argument);
      Carver counter;
      mine.self.carve_work(counter, mine.call.rows);
      Carver memory{mine.memory + team.id * counter.used, 0};
      const Index rows = mine.call.rows;
      mine.self.draw_rows(mine.call, rows * team.id / team.size, rows * (team.id + 1) / team.size,
                          mine.self.carve_work(memory, rows));
    };
    if (call.threads > 1)
      echoic::run_team(call.threads, work, &job);
    else
      work(&job, Team{0, 1});
  }

 private:
  struct Work {  // of the rows of one thread
    float *seen, *sound, *used, *one, *two, *mixture, *chance;
  };

  Index inputs() const { return sizes_.past + 2; }

  void carve(Carver& memory) {
    first_.take(memory, sizes_.hidden, inputs());
    second_.take(memory, sizes_.hidden, sizes_.hidden);
    mixture_.take(memory, 3 * sizes_.components, sizes_.hidden);
    b_second_ = memory.take<float>(groups_of(sizes_.hidden, W) * W);
    b_mixture_ = memory.take<float>(mixture_row_);
    number_ = memory.take<float>(sizes_.levels);
    sound_ = memory.take<float>(sizes_.levels);
    edge_ = memory.take<float>(level_row_);
  }

  Work carve_work(Carver& memory, Index rows) const {
    return {memory.take<float>(rows * inputs()),      memory.take<float>(rows * sizes_.past),
            memory.take<float>(rows),                 memory.take<float>(rows * sizes_.hidden),
            memory.take<float>(rows * sizes_.hidden), memory.take<float>(rows * mixture_row_),
            memory.take<float>(level_row_)};
  }

  float companded(float x) const {
    return copysignf(log1pf((sizes_.levels - 1) * fabsf(x)) / logf(static_cast<float>(sizes_.levels)), x);
  }
  float expanded(float y) const {
    return copysignf(expm1f(fabsf(y) * logf(static_cast<float>(sizes_.levels))) / (sizes_.levels - 1), y);
  }

  // The power left for each of the `samples` to come, against the one told: of `all` samples some have `used` theirs.
  static float left(float power, float used, Index samples, Index all) {
    return logf(fmaxf((all * power - used) / (samples * power), echoic::least_left)) / echoic::left_unit;
  }

  void draw_rows(const SampleCall& call, Index begin, Index end, const Work& work) const {
    const Index past = sizes_.past, hidden = sizes_.hidden, width = inputs(), rows = end - begin;
    Mixture mixture{sizes_.components, sizes_.levels, {}, {}, {}};
    for (Index row = 0; row < rows; ++row) {
      work.used[row] = 0;
      for (Index k = 0; k < past; ++k) {
        const float number = call.window[(begin + row) * past + k];
        work.seen[row * width + k] = number;
        work.sound[row * past + k] = expanded(number);
      }
    }
    for (Index at = 0; at < call.samples; ++at) {
      for (Index row = 0; row < rows; ++row) {
        float predicted = 0;
        for (Index k = 0; k < past; ++k)
          predicted += work.sound[row * past + k] * call.prediction[(begin + row) * past + k];
        float* after = work.seen + row * width + past;
        after[0] = companded(predicted);
        after[1] = left(call.power[begin + row], work.used[row], call.samples - at, call.samples);
      }
      first_.multiply_by(work.seen, width, call.places + (begin * call.samples + at) * hidden, call.samples * hidden,
                         work.one, hidden, rows);
      rectify(work.one, rows * hidden);
      second_.multiply_by(work.one, hidden, b_second_, 0, work.two, hidden, rows);
      rectify(work.two, rows * hidden);
      mixture_.multiply_by(work.two, hidden, b_mixture_, 0, work.mixture, mixture_row_, rows);
      for (Index row = 0; row < rows; ++row) {
        float* seen = work.seen + row * width;
        mixture.set(work.mixture + row * mixture_row_, seen[past], sizes_.first_width);
        const double share = call.shares[at * call.rows + begin + row];
        Index level;
        if (call.temperature == 1 && call.floor == 0) {
          level = mixture.level_at(share);
        } else {
          mixture.template chances<V>(edge_, work.chance);
          level = level_among(work.chance, sizes_.levels, share, call.temperature, call.floor);
        }
        call.drawn[(begin + row) * call.samples + at] = static_cast<float>(level);
        for (Index k = 0; k + 1 < past; ++k) seen[k] = seen[k + 1];
        for (Index k = 0; k + 1 < past; ++k) work.sound[row * past + k] = work.sound[row * past + k + 1];
        seen[past - 1] = number_[level];
        work.sound[row * past + past - 1] = sound_[level];
        work.used[row] += sound_[level] * sound_[level];
      }
    }
  }

  static void rectify(float* x, Index count) {
    for (Index n = 0; n < count; n += W) clamp(V::load(x + n), 0.0f, FLT_MAX).store(x + n);
  }
};

template <class V>
echoic::SampleTier* make_sample_tier(const SampleWeights& weights) {
  return new SampleTierOf<V>(weights);
}

}  // namespace
