// A layer over sequences, forward, for any cell of cells.inl on any vector.
//
// Each thread takes a block of rows through all steps by itself. The gates of a block lie in panels, one for each group
// of W units: [total steps of the block, slots * W].
#pragma once

namespace {

template <class Cell, class Operands>
struct ForwardPass {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  using Operand = typename Operands::Operand;
  static constexpr Index W = V::width;
  static constexpr Index row_size = Cell::slots * W;
  static constexpr Index gate_size = Cell::gates * W;

  struct BlockWorkspace {  // what one block needs for itself
    Real *x, *h, *h_next, *c, *panels;
    Operand *x_rows, *h_rows;
  };

  const Forward<Real>& call;
  const Layout& layout;
  Plan plan;
  Sizes<Cell, Operands> size;
  Real *packed_in, *packed_rec, *bias, *bias_rec;
  Operand *w_in, *w_rec;  // [groups, operands of the depth, gates * W]
  BlockWorkspace* workspaces;

  ForwardPass(const Forward<Real>& forward, const Plan& block_plan) : call(forward), layout(forward.layout), plan(block_plan), size(layout) {}

  void allocate_buffers(Arena& arena) {
    packed_in = arena.allocate<Real>(size.groups * size.inputs * gate_size);
    packed_rec = arena.allocate<Real>(size.groups * size.hidden * gate_size);
    w_in = Operands::buffer_of_steps(arena, packed_in, size.inputs, size.groups * gate_size);
    w_rec = Operands::buffer_of_steps(arena, packed_rec, size.hidden, size.groups * gate_size);
    bias = arena.allocate<Real>(size.groups * gate_size);
    bias_rec = arena.allocate<Real>(size.groups * W);
    workspaces = arena.allocate<BlockWorkspace>(plan.block_count);
    for (Index b = 0; b < plan.block_count; ++b) {
      const Index rows = plan.blocks[b].rows, max_rows = max_of(rows, chunk_rows);
      BlockWorkspace ws;
      ws.x = arena.allocate<Real>(max_rows * size.x_row);
      ws.h = arena.allocate<Real>(rows * size.h_row);
      ws.h_next = arena.allocate<Real>(rows * size.h_row);
      ws.x_rows = Operands::buffer_of_rows(arena, ws.x, max_rows * size.x_row);
      ws.h_rows = Operands::buffer_of_rows(arena, nullptr, rows * size.h_row);
      ws.c = arena.allocate<Real>(size.groups * rows * W);
      ws.panels = call.saved ? nullptr : arena.allocate<Real>(size.groups * max_rows * row_size);
      if (workspaces) workspaces[b] = ws;
    }
  }

  void pack(const Team& team) {
    for (Index group = team.id; group < size.groups; group += team.size) {
      pack_weights(call.weights->w_in, size.inputs, Cell::in_order, group, packed_in, w_in);
      pack_weights(call.weights->w_rec, size.hidden, Cell::rec_order, group, packed_rec, w_rec);
      pack_group<Cell>(call.weights->bias, 1, size.hidden, Cell::in_order, group, bias + group * gate_size);
      if constexpr (Cell::has_inner_bias)
        copy_padded<V>(call.weights->bias_rec + group * W, units_in<V>(group, size.hidden), bias_rec + group * W);
    }
  }

  void pack_weights(const Real* w, Index depth, const int* order, Index group, Real* packed, Operand* to) {
    packed += group * depth * gate_size;
    pack_group<Cell>(w, depth, size.hidden, order, group, packed);
    Operands::steps(packed, depth, gate_size, to + group * Operands::depth(depth) * gate_size);
  }

  void load_state(const Block& block, const BlockWorkspace& ws) {
    for (Index row = 0; row < block.rows; ++row) {
      const Index from = block.order[row] * size.hidden;
      copy_padded<V>(call.h0 + from, size.hidden, ws.h + row * size.h_row);
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group)
          copy_padded<V>(call.c0 + from + group * W, units_in<V>(group, size.hidden), ws.c + (group * block.rows + row) * W);
    }
  }

  // Writes the final state of rows [first, last).
  void store_state(const Block& block, const BlockWorkspace& ws, const Real* h, Index first, Index last) {
    for (Index row = first; row < last; ++row) {
      const Index to = block.order[row] * size.hidden;
      copy_partial<V>(h + row * size.h_row, size.hidden, call.h_end + to);
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group)
          copy_partial<V>(ws.c + (group * block.rows + row) * W, units_in<V>(group, size.hidden), call.c_end + to + group * W);
    }
  }

  // The input's share of all gates of steps [t0, t1).
  void project(const Block& block, const BlockWorkspace& ws, Real* panels, Index panel_rows, Index first, Index t0, Index t1) {
    const Index rows = block.start[t1] - block.start[t0];
    const Operand* x_rows = Operands::rows(ws.x, rows, size.x_row, size.inputs, ws.x_rows);
    for (Index group = 0; group < size.groups; ++group) {
      Real* sums = panels + (group * panel_rows + first) * row_size;
      const Real* start = bias + group * gate_size;
      const Operand* weights = w_in + group * Operands::depth(size.inputs) * gate_size;
      Index start_row = 0;
      for (Index k = 0; k < size.inputs; k += product_depth) {
        const Index done = k / Operands::numbers, depth = Operands::depth(min_of(product_depth, size.inputs - k));
        Operands::template multiply<Cell::gates>(
            {1, depth, x_rows + done, size.x_row / Operands::numbers, 1, 0, weights + done * gate_size, gate_size, 0,
             start, start_row, sums + Cell::in_slot * W, row_size},
            rows);
        start = sums + Cell::in_slot * W;
        start_row = row_size;
      }
      if constexpr (Cell::has_inner_bias) {
        const V inner = V::load(bias_rec + group * W);
        for (Index row = 0; row < rows; ++row) inner.store(sums + row * row_size + (Cell::slots - 1) * W);
      }
    }
  }

  void step(const Block& block, const BlockWorkspace& ws, Real* panels, Index panel_rows, Index first, Index rows) {
    const Operand* h_rows = Operands::rows(ws.h, rows, size.h_row, size.hidden, ws.h_rows);
    for (Index group = 0; group < size.groups; ++group) {
      Real* panel = panels + (group * panel_rows + first) * row_size;
      Real* sums = panel + Cell::rec_slot * W;
      Operands::template multiply<Cell::gates>(
          {1, Operands::depth(size.hidden), h_rows, size.h_row / Operands::numbers, 1, 0,
           w_rec + group * Operands::depth(size.hidden) * gate_size, gate_size, 0, sums, row_size, sums, row_size},
          rows);
      activate<Cell>({rows, panel, ws.h + group * W, ws.h_next + group * W, size.h_row,
                      ws.c + group * block.rows * W});
    }
  }

  void run_block(Index b, Real* saved) {
    const Block& block = plan.blocks[b];
    BlockWorkspace ws = workspaces[b];
    load_state(block, ws);
    store_state(block, ws, ws.h, block.steps ? block.active(0) : 0, block.rows);
    for (Index t0 = 0; t0 < block.steps;) {
      const Index t1 = chunk_end(block, t0);
      Real* panels = saved ? saved : ws.panels;
      const Index panel_rows = saved ? block.total() : max_of(block.rows, chunk_rows);
      const Index before = saved ? 0 : block.start[t0];
      gather_inputs<Cell>(layout, block, call.x, t0, t1, ws.x, size.x_row);
      project(block, ws, panels, panel_rows, block.start[t0] - before, t0, t1);
      for (Index t = t0; t < t1; ++t) {
        const Index rows = block.active(t);
        step(block, ws, panels, panel_rows, block.start[t] - before, rows);
        for (Index row = 0; row < rows; ++row)
          copy_partial<V>(ws.h_next + row * size.h_row, size.hidden, call.y + block.source(t, row) * size.hidden);
        store_state(block, ws, ws.h_next, t + 1 < block.steps ? block.active(t + 1) : 0, rows);
        Real* after = ws.h_next;
        ws.h_next = ws.h;
        ws.h = after;
      }
      t0 = t1;
    }
    for (Index row = 0; row < block.rows; ++row)
      fill(call.y + (block.order[row] * layout.steps + block.length[row]) * size.hidden,
           (layout.steps - block.length[row]) * size.hidden, Real(0));
  }

  void run(const Team& team) {
    [[maybe_unused]] const typename Operands::InUse in_use{};
    pack(team);
    team.barrier();
    for (Index b = team.id; b < plan.block_count; b += team.size) {
      Index before = 0;
      for (Index other = 0; other < b; ++other) before += plan.blocks[other].total();
      run_block(b, call.saved ? call.saved + before * size.groups * row_size : nullptr);
    }
  }
};

}  // namespace
