// A trained network, one step or a few at a time, for one stream or many, and feeding itself.
//
// Each thread makes its share of every layer's units; they meet after each layer. Sums run in the same order however
// many streams step together, so that a stream does not notice the others. Many streams are taken through their steps in
// blocks of rows, whose hidden vectors stay in the L2 cache beside the weights.
#pragma once
#include <type_traits>

namespace {

using echoic::CellKind;
using echoic::LiveLayer;
using echoic::LiveNetwork;
using echoic::LiveStep;
using echoic::Storage;

// [depth, columns] as it is stored; rows of Bfloat16 in pairs, as products want them.
template <class Weight>
struct StoredMatrix {
  Weight* weights;
  float* scale;  // [columns], for bytes

  void allocate(Arena& arena, Index depth, Index columns) {
    weights = arena.allocate<Weight>((is_paired ? (depth + 1) / 2 * 2 : depth) * columns);
    scale = arena.allocate<float>(sizeof(Weight) == 1 ? columns : 0);
  }

  void pack(const float* from, Index depth, Index columns) {
    for (Index n = 0; n < columns; ++n) {
      float unit = 1;
      if constexpr (sizeof(Weight) == 1) {
        float largest = 0;
        for (Index k = 0; k < depth; ++k) largest = fmaxf(largest, fabsf(from[k * columns + n]));
        scale[n] = unit = largest > 0 ? largest / 127 : 1;
      }
      for (Index k = 0; k < depth; ++k) convert(from[k * columns + n], unit, weights[place(k, n, columns)]);
      if constexpr (is_paired)
        if (depth % 2) weights[place(depth, n, columns)] = Weight{};
    }
  }

  static constexpr bool is_paired = std::is_same<Weight, echoic::Bfloat16>::value;

  // Where number (k, n) is.
  static Index place(Index k, Index n, Index columns) {
    return is_paired ? (k / 2 * columns + n) * 2 + k % 2 : k * columns + n;
  }

  static void convert(float value, float, float& to) { to = value; }
  static void convert(float value, float, std::uint16_t& to) { to = echoic::half_from_float(value); }
  static void convert(float value, float, echoic::Bfloat16& to) { to = echoic::bfloat16_from_float(value); }
  static void convert(float value, float unit, std::int8_t& to) {
    to = static_cast<std::int8_t>(lrintf(value / unit));
  }
};

constexpr Index live_block_rows = 96;

template <class V, class Weight>
class LiveNetworkImpl final : public echoic::Network {
  static constexpr Index W = V::width;
  static constexpr Index R = V::tile_rows;

  struct Layer {
    CellKind kind;
    Index inputs, hidden, groups, h_row, gates;
    StoredMatrix<Weight>*w_in, *w_rec;  // [groups]
    float *bias, *bias_rec;
  };

  struct Workspace {  // of one call; before an odd step, h and next have changed places
    float **h, **next, **c;
    float *params, *x;
    char* draws;
  };

  Index layer_count_, outputs_, out_groups_, state_size_ = 0;
  int threads_;
  Layer* layers_;
  StoredMatrix<Weight>* w_out_;
  float* b_out_;
  char* memory_;

 public:
  explicit LiveNetworkImpl(const LiveNetwork& network)
      : layer_count_(network.layer_count), outputs_(network.outputs), out_groups_(group_count(network.outputs, W)),
        threads_(network.threads) {
    Arena counter;
    allocate_buffers(counter, network);
    memory_ = echoic::allocate_aligned(counter.used);
    Arena arena{memory_, 0};
    allocate_buffers(arena, network);
    for (Index i = 0; i < layer_count_; ++i) {
      const LiveLayer& from = network.layers[i];
      state_size_ += from.hidden * (from.kind == CellKind::lstm ? 2 : 1);
      if (from.kind == CellKind::lstm)
        fill_layer<Lstm<V>>(layers_[i], from.weights);
      else
        fill_layer<Gru<V>>(layers_[i], from.weights);
    }
    if (outputs_) fill_outputs(network);
  }

  ~LiveNetworkImpl() override { echoic::free_aligned(memory_); }

  void step(const LiveStep& all) const override {
    const Index inputs = layers_[0].inputs, x_row = all.steps * inputs;
    for (Index first = 0; first < all.rows; first += live_block_rows) {
      LiveStep step = all;
      step.rows = min_of(live_block_rows, all.rows - first);
      step.x += first * x_row;
      step.out += first * all.steps * width();
      if (step.stream_ids)
        step.stream_ids += first;
      else
        step.states += first * state_size_;
      run(step, all.steps, [&](const Workspace& work, const Team& team) {
        for (Index i = 0; i < all.steps; ++i) {
          advance(work, i, step.rows, step.x + i * inputs, x_row, team);
          // The others go on meanwhile: they replace what is stored here only after they have met once more.
          if (team.id == 0) store_outputs(work, step, i, after(work, i));
        }
      });
    }
  }

  void loop(const LiveStep& step, const LiveLoop& loop) const override {
    const Index inputs = layers_[0].inputs, params_row = out_groups_ * W;
    if (loop.chords) *loop.choices = 0;
    run(step, loop.steps, [&](const Workspace& work, const Team& team) {
      if (team.id == 0)
        for (Index row = 0; row < step.rows; ++row)
          copy_padded<V>(step.out + row * outputs_, outputs_, work.params + row * params_row);
      for (Index i = 0; i < loop.steps; ++i) {
        const DrawnStep drawn{i, step.rows, work.params, outputs_, params_row, work.x, inputs};
        if (team.id == 0) loop.chords ? draw_chords(loop, drawn, work.draws) : draw_values(loop, drawn);
        team.barrier();
        advance(work, i, step.rows, work.x, inputs, team);
        if (team.id == 0 && loop.chords) loop.chords->add_input(step.rows, work.x, work.params, params_row);
      }
      if (team.id == 0) store_outputs(work, step, 0, before(work, loop.steps));
    }, loop.chords ? loop.chords->workspace_bytes(step.rows) : 0);
  }

 private:
  void allocate_buffers(Arena& arena, const LiveNetwork& network) {
    layers_ = arena.allocate<Layer>(layer_count_);
    for (Index i = 0; i < layer_count_; ++i) {
      const LiveLayer& from = network.layers[i];
      Layer layer{from.kind, from.inputs, from.hidden, group_count(from.hidden, W), row_stride<V>(from.hidden),
                  from.kind == CellKind::lstm ? 4 : 3, nullptr, nullptr, nullptr, nullptr};
      layer.w_in = arena.allocate<StoredMatrix<Weight>>(layer.groups);
      layer.w_rec = arena.allocate<StoredMatrix<Weight>>(layer.groups);
      layer.bias = arena.allocate<float>(layer.groups * layer.gates * W);
      layer.bias_rec = arena.allocate<float>(layer.groups * W);
      for (Index group = 0; group < layer.groups; ++group) {
        StoredMatrix<Weight> in, rec;
        in.allocate(arena, layer.inputs, layer.gates * W);
        rec.allocate(arena, layer.hidden, layer.gates * W);
        if (arena.base) layer.w_in[group] = in, layer.w_rec[group] = rec;
      }
      if (arena.base) layers_[i] = layer;
    }
    const Index hidden = network.layers[layer_count_ - 1].hidden;
    w_out_ = arena.allocate<StoredMatrix<Weight>>(out_groups_);
    b_out_ = arena.allocate<float>(out_groups_ * W);
    for (Index group = 0; group < out_groups_; ++group) {
      StoredMatrix<Weight> out;
      out.allocate(arena, hidden, W);
      if (arena.base) w_out_[group] = out;
    }
  }

  template <class Cell>
  void fill_layer(Layer& layer, const echoic::Weights<float>& from) {
    const Index columns = layer.gates * W;
    const Index depth = max_of(layer.inputs, layer.hidden);
    auto* packed = reinterpret_cast<float*>(echoic::scratch(depth * columns * sizeof(float)));
    for (Index group = 0; group < layer.groups; ++group) {
      pack_group<Cell>(from.w_in, layer.inputs, layer.hidden, Cell::in_order, group, packed);
      layer.w_in[group].pack(packed, layer.inputs, columns);
      pack_group<Cell>(from.w_rec, layer.hidden, layer.hidden, Cell::rec_order, group, packed);
      layer.w_rec[group].pack(packed, layer.hidden, columns);
      pack_group<Cell>(from.bias, 1, layer.hidden, Cell::in_order, group, layer.bias + group * columns);
      if constexpr (Cell::has_inner_bias)
        copy_padded<V>(from.bias_rec + group * W, units_in<V>(group, layer.hidden), layer.bias_rec + group * W);
    }
  }

  void fill_outputs(const LiveNetwork& network) {
    const Index hidden = layers_[layer_count_ - 1].hidden;
    auto* packed = reinterpret_cast<float*>(echoic::scratch(hidden * W * sizeof(float)));
    for (Index group = 0; group < out_groups_; ++group) {
      const Index units = units_in<V>(group, outputs_);
      transpose(network.w_out + group * W * hidden, hidden, hidden, units, packed, W, W);
      w_out_[group].pack(packed, hidden, W);
      copy_padded<V>(network.b_out + group * W, units, b_out_ + group * W);
    }
  }

  Workspace allocate_workspace(Arena& arena, Index rows, std::size_t draw_bytes) const {
    Workspace work;
    work.h = arena.allocate<float*>(layer_count_);
    work.next = arena.allocate<float*>(layer_count_);
    work.c = arena.allocate<float*>(layer_count_);
    for (Index i = 0; i < layer_count_; ++i) {
      const Layer& layer = layers_[i];
      float* h = arena.allocate<float>(rows * layer.h_row);
      float* next = arena.allocate<float>(rows * layer.h_row);
      float* c = arena.allocate<float>(rows * layer.groups * W);
      if (arena.base) work.h[i] = h, work.next[i] = next, work.c[i] = c;
    }
    work.params = arena.allocate<float>(rows * out_groups_ * W);
    work.x = arena.allocate<float>(rows * layers_[0].inputs);
    work.draws = arena.allocate<char>(static_cast<Index>(draw_bytes));
    return work;
  }

  // Takes the states in, lets `body` take `steps` steps on each thread of a team, and puts states and outputs back.
  template <class Body>
  void run(const LiveStep& step, Index steps, Body body, std::size_t draw_bytes = 0) const {
    Arena counter;
    allocate_workspace(counter, step.rows, draw_bytes);
    Arena arena{echoic::scratch(counter.used), 0};
    struct Job {
      const LiveNetworkImpl& self;
      const LiveStep& step;
      Body& body;
      Workspace work;
    } job{*this, step, body, allocate_workspace(arena, step.rows, draw_bytes)};
    load(job.work, step);
    const auto work = [](void* argument, const Team& team) {
      auto& task = *static_cast<Job*>(argument);
      task.body(task.work, team);
    };
    echoic::run_team(threads_, work, &job);
    store(job.work, steps, step);
  }

  static Index stream(const LiveStep& step, Index row) { return step.stream_ids ? step.stream_ids[row] : row; }

  void load(const Workspace& work, const LiveStep& step) const {
    for (Index row = 0; row < step.rows; ++row) {
      const float* from = step.states + stream(step, row) * state_size_;
      for (Index i = 0; i < layer_count_; ++i) {
        const Layer& layer = layers_[i];
        copy_padded<V>(from, layer.hidden, work.h[i] + row * layer.h_row);
        from += layer.hidden;
        if (layer.kind != CellKind::lstm) continue;
        for (Index group = 0; group < layer.groups; ++group)
          copy_padded<V>(from + group * W, units_in<V>(group, layer.hidden), work.c[i] + (group * step.rows + row) * W);
        from += layer.hidden;
      }
    }
  }

  // The hidden vectors before step number `i`, and those that it makes.
  static float** before(const Workspace& work, Index i) { return i % 2 ? work.next : work.h; }
  static float** after(const Workspace& work, Index i) { return i % 2 ? work.h : work.next; }

  void store(const Workspace& work, Index steps, const LiveStep& step) const {
    float** h = before(work, steps);
    for (Index row = 0; row < step.rows; ++row) {
      float* to = step.states + stream(step, row) * state_size_;
      for (Index i = 0; i < layer_count_; ++i) {
        const Layer& layer = layers_[i];
        copy_partial<V>(h[i] + row * layer.h_row, layer.hidden, to);
        to += layer.hidden;
        if (layer.kind != CellKind::lstm) continue;
        for (Index group = 0; group < layer.groups; ++group)
          copy_partial<V>(work.c[i] + (group * step.rows + row) * W, units_in<V>(group, layer.hidden), to + group * W);
        to += layer.hidden;
      }
    }
  }

  // Outputs of one step go to its place among those of the call.
  void store_outputs(const Workspace& work, const LiveStep& step, Index step_index, float* const* h) const {
    const Layer& last = layers_[layer_count_ - 1];
    const float* from = outputs_ ? work.params : h[layer_count_ - 1];
    const Index from_row = outputs_ ? out_groups_ * W : last.h_row;
    for (Index row = 0; row < step.rows; ++row)
      copy_partial<V>(from + row * from_row, width(), step.out + (row * step.steps + step_index) * width());
  }

  Index width() const { return outputs_ ? outputs_ : layers_[layer_count_ - 1].hidden; }

  // `x` has rows `x_row` apart.
  void advance(const Workspace& work, Index step_index, Index rows, const float* x, Index x_row, const Team& team) const {
    for (Index i = 0; i < layer_count_; ++i) {
      const Layer& layer = layers_[i];
      for (Index group = layer.groups * team.id / team.size; group < layer.groups * (team.id + 1) / team.size; ++group)
        for (Index row = 0; row < rows; row += R)
          if (layer.kind == CellKind::lstm)
            tile_of_units<Lstm<V>>(layer, work, i, step_index, rows, group, row, x, x_row);
          else
            tile_of_units<Gru<V>>(layer, work, i, step_index, rows, group, row, x, x_row);
      team.barrier();
      x = after(work, step_index)[i];
      x_row = layer.h_row;
    }
    const Index hidden = layers_[layer_count_ - 1].hidden;
    for (Index group = out_groups_ * team.id / team.size; group < out_groups_ * (team.id + 1) / team.size; ++group)
      multiply<V, 1, Weight>({1, hidden, x, x_row, 1, 0, w_out_[group].weights, W, 0, b_out_ + group * W, 0,
                              work.params + group * W, out_groups_ * W, w_out_[group].scale},
                             rows);
    team.barrier();
  }

  // W units of up to R rows from `row` on.
  template <class Cell>
  void tile_of_units(const Layer& layer, const Workspace& work, Index i, Index step_index, Index rows, Index group, Index row,
                     const float* x, Index x_row) const {
    constexpr Index columns = Cell::gates * W, row_size = Cell::slots * W;
    const Index count = min_of(R, rows - row);
    const float* h = before(work, step_index)[i] + row * layer.h_row;
    alignas(64) float panel[R * row_size];
    const StoredMatrix<Weight>&in = layer.w_in[group], &rec = layer.w_rec[group];
    multiply<V, Cell::gates, Weight>({1, layer.inputs, x + row * x_row, x_row, 1, 0, in.weights, columns, 0,
                                      layer.bias + group * columns, 0, panel + Cell::in_slot * W, row_size, in.scale},
                                     count);
    if constexpr (Cell::has_inner_bias)
      for (Index n = 0; n < count; ++n)
        V::load(layer.bias_rec + group * W).store(panel + n * row_size + (Cell::slots - 1) * W);
    float* sums = panel + Cell::rec_slot * W;
    multiply<V, Cell::gates, Weight>({1, layer.hidden, h, layer.h_row, 1, 0, rec.weights, columns, 0, sums, row_size,
                                      sums, row_size, rec.scale},
                                     count);
    activate<Cell>({count, panel, h + group * W, after(work, step_index)[i] + row * layer.h_row + group * W, layer.h_row,
                    work.c[i] + (group * rows + row) * W});
  }
};

template <class V>
echoic::Network* make_network(const LiveNetwork& network) {
  switch (network.storage) {
    case Storage::f16: return new LiveNetworkImpl<V, std::uint16_t>(network);
    case Storage::bf16: return new LiveNetworkImpl<V, echoic::Bfloat16>(network);
    case Storage::i8: return new LiveNetworkImpl<V, std::int8_t>(network);
    default: return new LiveNetworkImpl<V, float>(network);
  }
}

}  // namespace
