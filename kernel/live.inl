// A trained network, one step or a few at a time, for one stream or many, and feeding itself.
//
// Each thread makes its share of every layer's units; they meet after each layer. Sums run in the same order however
// many streams step together, so that a stream does not notice the others; those of tiles differ from those of vectors by
// rounding. Many streams are taken through their steps in blocks of rows, whose hidden vectors stay in the L2 cache beside
// the weights.
#pragma once

namespace {

using echoic::CellKind;
using echoic::LiveLayer;
using echoic::LiveNetwork;
using echoic::LiveStep;
using echoic::Storage;

// A multiple of the rows that products take at once: 3, 6, and 32 of tiles.
constexpr Index live_block_rows = 96;

template <class Operands>
class LiveNetworkImpl final : public echoic::Network {
  using V = typename Operands::V;
  using Operand = typename Operands::Operand;
  using Matrix = StoredMatrix<Operands>;
  using InputMatrix = StoredMatrix<typename Operands::OfInputs>;
  static constexpr Index W = V::width;

  struct Layer {
    CellKind kind;
    Index inputs, hidden, groups, h_row, gates;
    InputMatrix* w_x;      // [groups], of the first layer
    Matrix *w_in, *w_rec;  // [groups]; w_in of the others
    float *bias, *bias_rec;
  };

  struct Hidden {  // the hidden vectors of a layer, and what products make of them
    float* numbers;
    Operand* rows;
  };

  struct Workspace {  // of one call; before an odd step, h and next have changed places
    Hidden *h, *next;
    float** c;
    float *params, *x;
    char* draws;
  };

  Index layer_count_, outputs_, out_groups_, state_size_ = 0;
  int threads_;
  Layer* layers_;
  Matrix* w_out_;
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
      Layer layer{from.kind, from.inputs, from.hidden, group_count(from.hidden, W), Operands::row_of(from.hidden),
                  from.kind == CellKind::lstm ? 4 : 3, nullptr, nullptr, nullptr, nullptr, nullptr};
      const Index columns = layer.gates * W;
      if (i == 0)
        layer.w_x = InputMatrix::allocate(arena, layer.groups, layer.inputs, columns);
      else
        layer.w_in = Matrix::allocate(arena, layer.groups, layer.inputs, columns);
      layer.w_rec = Matrix::allocate(arena, layer.groups, layer.hidden, columns);
      layer.bias = arena.allocate<float>(layer.groups * columns);
      layer.bias_rec = arena.allocate<float>(layer.groups * W);
      if (arena.base) layers_[i] = layer;
    }
    w_out_ = Matrix::allocate(arena, out_groups_, network.layers[layer_count_ - 1].hidden, W);
    b_out_ = arena.allocate<float>(out_groups_ * W);
  }

  template <class Cell>
  void fill_layer(Layer& layer, const echoic::Weights<float>& from) {
    const Index columns = layer.gates * W;
    const Index depth = max_of(layer.inputs, layer.hidden);
    auto* packed = reinterpret_cast<float*>(echoic::scratch(depth * columns * sizeof(float)));
    for (Index group = 0; group < layer.groups; ++group) {
      pack_group<Cell>(from.w_in, layer.inputs, layer.hidden, Cell::in_order, group, packed);
      layer.w_x ? layer.w_x[group].store(packed, layer.inputs, columns) : layer.w_in[group].store(packed, layer.inputs, columns);
      pack_group<Cell>(from.w_rec, layer.hidden, layer.hidden, Cell::rec_order, group, packed);
      layer.w_rec[group].store(packed, layer.hidden, columns);
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
      w_out_[group].store(packed, hidden, W);
      copy_padded<V>(network.b_out + group * W, units, b_out_ + group * W);
    }
  }

  Workspace allocate_workspace(Arena& arena, Index rows, std::size_t draw_bytes) const {
    Workspace work;
    work.h = arena.allocate<Hidden>(layer_count_);
    work.next = arena.allocate<Hidden>(layer_count_);
    work.c = arena.allocate<float*>(layer_count_);
    for (Index i = 0; i < layer_count_; ++i) {
      const Layer& layer = layers_[i];
      const Hidden h = allocate_hidden(arena, rows * layer.h_row), next = allocate_hidden(arena, rows * layer.h_row);
      float* c = arena.allocate<float>(rows * layer.groups * W);
      if (arena.base) work.h[i] = h, work.next[i] = next, work.c[i] = c;
    }
    work.params = arena.allocate<float>(rows * out_groups_ * W);
    work.x = arena.allocate<float>(rows * layers_[0].inputs);
    work.draws = arena.allocate<char>(static_cast<Index>(draw_bytes));
    return work;
  }

  static Hidden allocate_hidden(Arena& arena, Index count) {
    float* numbers = arena.allocate<float>(count);
    return {numbers, Operands::buffer_of_rows(arena, numbers, count)};
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
      [[maybe_unused]] const typename Operands::InUse in_use{};
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
        copy_padded<V>(from, layer.hidden, work.h[i].numbers + row * layer.h_row);
        from += layer.hidden;
        if (layer.kind != CellKind::lstm) continue;
        for (Index group = 0; group < layer.groups; ++group)
          copy_padded<V>(from + group * W, units_in<V>(group, layer.hidden), work.c[i] + (group * step.rows + row) * W);
        from += layer.hidden;
      }
    }
    for (Index i = 0; i < layer_count_; ++i) {
      const Layer& layer = layers_[i];
      Operands::rows(work.h[i].numbers, step.rows, layer.h_row, layer.hidden, work.h[i].rows);
      // Steps write the units, and nothing of what fills up tiles.
      if (Operands::depth(layer.hidden) * Operands::numbers > layer.groups * W)
        Operands::rows(work.h[i].numbers, step.rows, layer.h_row, layer.hidden, work.next[i].rows);
    }
  }

  // The hidden vectors before step number `i`, and those that it makes.
  static Hidden* before(const Workspace& work, Index i) { return i % 2 ? work.next : work.h; }
  static Hidden* after(const Workspace& work, Index i) { return i % 2 ? work.h : work.next; }

  void store(const Workspace& work, Index steps, const LiveStep& step) const {
    const Hidden* h = before(work, steps);
    for (Index row = 0; row < step.rows; ++row) {
      float* to = step.states + stream(step, row) * state_size_;
      for (Index i = 0; i < layer_count_; ++i) {
        const Layer& layer = layers_[i];
        copy_partial<V>(h[i].numbers + row * layer.h_row, layer.hidden, to);
        to += layer.hidden;
        if (layer.kind != CellKind::lstm) continue;
        for (Index group = 0; group < layer.groups; ++group)
          copy_partial<V>(work.c[i] + (group * step.rows + row) * W, units_in<V>(group, layer.hidden), to + group * W);
        to += layer.hidden;
      }
    }
  }

  // Outputs of one step go to its place among those of the call.
  void store_outputs(const Workspace& work, const LiveStep& step, Index step_index, const Hidden* h) const {
    const Layer& last = layers_[layer_count_ - 1];
    const float* from = outputs_ ? work.params : h[layer_count_ - 1].numbers;
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
        if (layer.kind == CellKind::lstm)
          units_of_group<Lstm<V>>(work, i, step_index, rows, group, x, x_row);
        else
          units_of_group<Gru<V>>(work, i, step_index, rows, group, x, x_row);
      team.barrier();
    }
    const Index last = layer_count_ - 1;
    for (Index group = out_groups_ * team.id / team.size; group < out_groups_ * (team.id + 1) / team.size; ++group)
      multiply<1>(w_out_[group], layers_[last].hidden, after(work, step_index)[last].rows, operands_row(last), b_out_ + group * W, 0,
                  work.params + group * W, out_groups_ * W, rows);
    team.barrier();
  }

  // W units of all rows. The first layer sees `x`, the others what those below have made.
  template <class Cell>
  void units_of_group(const Workspace& work, Index i, Index step_index, Index rows, Index group, const float* x, Index x_row) const {
    constexpr Index row_size = Cell::slots * W;
    alignas(64) float panel[live_block_rows * row_size];
    const Layer& layer = layers_[i];
    const Hidden &h = before(work, step_index)[i], &next = after(work, step_index)[i];
    const float* bias = layer.bias + group * Cell::gates * W;
    for (Index row = 0; row < rows; row += live_block_rows) {
      const Index count = min_of(live_block_rows, rows - row);
      float *in_sums = panel + Cell::in_slot * W, *sums = panel + Cell::rec_slot * W;
      if (i == 0)
        multiply<Cell::gates>(layer.w_x[group], layer.inputs, x + row * x_row, x_row, bias, 0, in_sums, row_size, count);
      else
        multiply<Cell::gates>(layer.w_in[group], layer.inputs, after(work, step_index)[i - 1].rows + row * operands_row(i - 1),
                              operands_row(i - 1), bias, 0, in_sums, row_size, count);
      if constexpr (Cell::has_inner_bias)
        for (Index n = 0; n < count; ++n)
          V::load(layer.bias_rec + group * W).store(panel + n * row_size + (Cell::slots - 1) * W);
      multiply<Cell::gates>(layer.w_rec[group], layer.hidden, h.rows + row * operands_row(i), operands_row(i), sums, row_size, sums,
                            row_size, count);
      const Index first = row * layer.h_row + group * W;
      activate<Cell>({count, panel, h.numbers + first, next.numbers + first, layer.h_row, work.c[i] + (group * rows + row) * W});
      Operands::rows(next.numbers + first, count, layer.h_row, units_in<V>(group, layer.hidden), next.rows + first / Operands::numbers);
    }
  }

  // From one row of a layer's hidden vectors to the next, as products take them.
  Index operands_row(Index i) const { return layers_[i].h_row / Operands::numbers; }

  // `rows` rows `from` times C vectors of columns, `depth` numbers deep, added to `start`.
  template <int C, class Kept>
  static void multiply(const StoredMatrix<Kept>& matrix, Index depth, const typename Kept::Operand* from, Index from_row,
                       const float* start, Index start_row, float* to, Index to_row, Index rows) {
    Kept::template multiply<C>({1, Kept::depth(depth), from, from_row, 1, 0, matrix.weights, Index{C} * W, 0, start, start_row, to,
                                to_row, matrix.scale},
                               rows);
  }
};

template <class V>
echoic::Network* make_network(const LiveNetwork& network) {
  switch (network.storage) {
    case Storage::f16: return new LiveNetworkImpl<Stored<V, std::uint16_t>>(network);
    case Storage::bf16: return new LiveNetworkImpl<StoredRounded<V>>(network);
    case Storage::i8: return new LiveNetworkImpl<Stored<V, std::int8_t>>(network);
    default: return new LiveNetworkImpl<Stored<V, float>>(network);
  }
}

}  // namespace
