// A layer over sequences, backward, for any cell of cells.inl on any vector.
//
// Threads take their blocks of rows through a chunk of steps, then meet and share out the weight gradients of that chunk.
// Sums run in an order that depends on the number of blocks alone.
#pragma once

namespace {

template <class Cell, class Operands>
struct BackwardPass {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  using Operand = typename Operands::Operand;
  static constexpr Index W = V::width;
  static constexpr Index row_size = Cell::slots * W;
  static constexpr Index grad_size = Cell::grads * W;
  static constexpr Index gate_size = Cell::gates * W;
  static constexpr Index max_vectors = 4;
  static constexpr Index groups_deep = max_of(1, product_depth / gate_size);

  struct BlockWorkspace {  // what one block needs for itself
    Real *x, *h, *c0, *dh, *dc, *dgates, *dx, *dbias;
    Operand *x_steps, *h_steps, *dgates_rows, *dgates_steps;
    const Real* saved;
    Index capacity;  // rows of one chunk
  };

  const Backward<Real>& call;
  const Layout& layout;
  Plan plan;
  Sizes<Cell, Operands> size;
  Real *packed_in, *packed_rec, *dw_in, *dw_rec, *zeros;
  Operand *w_in, *w_rec;
  BlockWorkspace* workspaces;

  BackwardPass(const Backward<Real>& backward, const Plan& block_plan) : call(backward), layout(backward.layout), plan(block_plan), size(layout) {}

  void allocate_buffers(Arena& arena) {
    const Index depth = size.groups * gate_size;
    const Index columns_in = call.dx ? group_count(size.inputs, W) * W : 0, columns_rec = group_count(size.hidden, W) * W;
    packed_in = arena.allocate<Real>(depth * columns_in);
    packed_rec = arena.allocate<Real>(depth * columns_rec);
    w_in = Operands::buffer_of_steps(arena, packed_in, depth, columns_in);
    w_rec = Operands::buffer_of_steps(arena, packed_rec, depth, columns_rec);
    dw_in = arena.allocate<Real>(depth * size.inputs);
    dw_rec = arena.allocate<Real>(depth * size.hidden);
    zeros = arena.allocate<Real>(max_vectors * W);
    workspaces = arena.allocate<BlockWorkspace>(plan.block_count);
    Index before = 0;
    for (Index b = 0; b < plan.block_count; ++b) {
      const Block& block = plan.blocks[b];
      BlockWorkspace ws;
      ws.capacity = max_of(block.rows, chunk_rows);
      ws.x = arena.allocate<Real>(ws.capacity * size.x_row);
      ws.h = arena.allocate<Real>(ws.capacity * size.h_row);
      ws.c0 = Cell::has_cell ? arena.allocate<Real>(size.groups * block.rows * W) : nullptr;
      ws.dh = arena.allocate<Real>(block.rows * size.h_row);
      ws.dc = arena.allocate<Real>(size.groups * block.rows * W);
      ws.dgates = arena.allocate<Real>(size.groups * ws.capacity * grad_size);
      ws.x_steps = Operands::buffer_of_steps(arena, ws.x, ws.capacity, size.x_row);
      ws.h_steps = Operands::buffer_of_steps(arena, ws.h, ws.capacity, size.h_row);
      ws.dgates_rows = Operands::buffer_of_rows(arena, ws.dgates, size.groups * ws.capacity * grad_size);
      ws.dgates_steps = Operands::buffer_of_steps(arena, ws.dgates, ws.capacity, size.groups * grad_size);
      ws.dx = call.dx ? arena.allocate<Real>(ws.capacity * size.x_row) : nullptr;
      ws.dbias = arena.allocate<Real>(size.groups * grad_size);
      ws.saved = call.saved + before * size.groups * row_size;
      before += block.total();
      if (workspaces) workspaces[b] = ws;
    }
  }

  // Column panels of up to four vectors, shared out to the team.
  void pack_backward(const Team& team, const Real* w, Index depth, const int* order, Real* packed, Operand* to) {
    const Index panels = group_count(depth, max_vectors * W);
    for (Index panel = team.id; panel < panels; panel += team.size) {
      const Index column = panel * max_vectors * W;
      const Index vectors = vectors_from(column, depth), rows = size.groups * gate_size;
      pack_columns<Cell>(w, depth, size.hidden, order, column, vectors, packed + column * rows);
      Operands::steps(packed + column * rows, rows, vectors * W, to + column * Operands::depth(rows));
    }
  }

  static Index vectors_from(Index column, Index depth) { return min_of(max_vectors, group_count(depth - column, W)); }

  void begin(const Team& team) {
    pack_backward(team, call.weights->w_rec, size.hidden, Cell::rec_order, packed_rec, w_rec);
    if (call.dx) pack_backward(team, call.weights->w_in, size.inputs, Cell::in_order, packed_in, w_in);
    if (team.id == 0) fill(zeros, max_vectors * W, Real(0));
    for (Index b = team.id; b < plan.block_count; b += team.size) {
      const Block& block = plan.blocks[b];
      const BlockWorkspace& ws = workspaces[b];
      fill(ws.dbias, size.groups * grad_size, Real(0));
      // Rows without any step hand their gradients on; the others get theirs when their last step comes.
      load_gradients(block, ws, block.steps ? block.active(0) : 0, block.rows);
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group)
          for (Index row = 0; row < block.rows; ++row)
            copy_padded<V>(call.c0 + block.order[row] * size.hidden + group * W, units_in<V>(group, size.hidden),
                     ws.c0 + (group * block.rows + row) * W);
    }
  }

  void load_gradients(const Block& block, const BlockWorkspace& ws, Index first, Index last) {
    for (Index row = first; row < last; ++row) {
      const Index from = block.order[row] * size.hidden;
      if (call.dh_end)
        copy_padded<V>(call.dh_end + from, size.hidden, ws.dh + row * size.h_row);
      else
        fill(ws.dh + row * size.h_row, size.h_row, Real(0));
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group) {
          Real* to = ws.dc + (group * block.rows + row) * W;
          if (call.dc_end)
            copy_padded<V>(call.dc_end + from + group * W, units_in<V>(group, size.hidden), to);
          else
            V::all(0).store(to);
        }
    }
  }

  // The hidden vectors before steps [t0, t1).
  void gather_hidden(const Block& block, Index t0, Index t1, Real* to) {
    if (t0 == 0)
      for (Index row = 0; row < block.active(0); ++row, to += size.h_row)
        copy_padded<V>(call.h0 + block.order[row] * size.hidden, size.hidden, to);
    for_each_row(block, max_of(t0, 1), t1, [&](Index source, Index upcoming) {
      V::prefetch(call.y + (upcoming - block.direction) * size.hidden);
      copy_padded<V>(call.y + (source - block.direction) * size.hidden, size.hidden, to);
      to += size.h_row;
    });
  }

  // A [rows, groups * gates * W], lying in gradient panels from row `first` and vector `slot` on, times packed columns.
  void backward_product(const BlockWorkspace& ws, Index first, Index rows, Index slot, const Operand* w, Index depth, bool accumulate,
                        Real* c, Index c_row) {
    constexpr Index per = Operands::numbers;
    for (Index column = 0; column < depth; column += max_vectors * W) {
      const Index vectors = vectors_from(column, depth);
      const Operand* panel = w + column * Operands::depth(size.groups * gate_size);
      const Real* start = accumulate ? c + column : zeros;
      Index start_row = accumulate ? c_row : 0;
      for (Index group = 0; group < size.groups; group += groups_deep) {
        const Operand* gates = ws.dgates_rows + ((group * ws.capacity + first) * grad_size + slot * W) / per;
        Operands::multiply({min_of(groups_deep, size.groups - group), gate_size / per, gates, grad_size / per, 1,
                            ws.capacity * grad_size / per, panel + group * gate_size * vectors * W / per,
                            vectors * W, gate_size * vectors * W / per, start, start_row, c + column, c_row},
                           rows, vectors);
        start = c + column;
        start_row = c_row;
      }
    }
  }

  void backward_step(const Block& block, const BlockWorkspace& ws, Index t, Index t0) {
    const Index rows = block.active(t), first = block.start[t] - block.start[t0];
    load_gradients(block, ws, t + 1 < block.steps ? block.active(t + 1) : 0, rows);
    if (call.dy) {
      Real* dh = ws.dh;
      for_each_row(block, t, t + 1, [&](Index source, Index upcoming) {
        V::prefetch(call.dy + upcoming * size.hidden);
        add<V>(call.dy + source * size.hidden, size.hidden, dh);
        dh += size.h_row;
      });
    }
    for (Index group = 0; group < size.groups; ++group) {
      const Real* panel = ws.saved + group * block.total() * row_size;
      const Real* c_prev = t == 0 ? ws.c0 + group * block.rows * W
                                  : panel + block.start[t - 1] * row_size + (Cell::slots - 1) * W;
      Real* dgates = ws.dgates + (group * ws.capacity + first) * grad_size;
      differentiate<Cell>({rows, panel + block.start[t] * row_size, ws.h + first * size.h_row + group * W, size.h_row,
                           c_prev, t == 0 ? W : row_size, ws.dh + group * W, size.h_row,
                           ws.dc + group * block.rows * W, dgates, ws.dbias + group * grad_size});
      // Units that do not exist: zero times infinity must not reach the others.
      const Index units = units_in<V>(group, size.hidden);
      if (units < W)
        for (Index n = 0; n < rows * Cell::grads; ++n) copy_padded<V>(dgates + n * W, units, dgates + n * W);
      Operands::rows(dgates, rows, grad_size, grad_size, ws.dgates_rows + (group * ws.capacity + first) * grad_size / Operands::numbers);
    }
    backward_product(ws, first, rows, Cell::rec_slot, w_rec, size.hidden, Cell::starts_from_dh, ws.dh, size.h_row);
  }

  void backward_chunk(const Block& block, const BlockWorkspace& ws, Index t0, Index t1) {
    t1 = min_of(t1, block.steps);
    if (t0 >= t1) return;
    gather_inputs<Cell>(layout, block, call.x, t0, t1, ws.x, size.x_row);
    gather_hidden(block, t0, t1, ws.h);
    for (Index t = t1 - 1; t >= t0; --t) backward_step(block, ws, t, t0);
    make_steps(ws, block.start[t1] - block.start[t0]);
    if (!call.dx) return;
    backward_product(ws, 0, block.start[t1] - block.start[t0], Cell::in_slot, w_in, size.inputs, false, ws.dx, size.x_row);
    const Real* from = ws.dx;
    for_each_row(block, t0, t1, [&](Index source, Index) {
      copy_partial<V>(from, size.inputs, call.dx + source * size.inputs);
      from += size.x_row;
    });
  }

  // The operands of the weight gradients.
  void make_steps(const BlockWorkspace& ws, Index rows) {
    Operands::left_steps(ws.x, rows, size.x_row, ws.capacity, ws.x_steps);
    Operands::left_steps(ws.h, rows, size.h_row, ws.capacity, ws.h_steps);
    for (Index group = 0; group < size.groups; ++group)
      Operands::steps(ws.dgates + group * ws.capacity * grad_size, rows, grad_size, dgates_steps(ws, group));
  }

  static Operand* dgates_steps(const BlockWorkspace& ws, Index group) {
    return ws.dgates_steps + group * Operands::depth(ws.capacity) * grad_size;
  }

  // Adds this chunk's share of a weight gradient: rows [k, k + rows) of one group, packed as for the way forward.
  void weight_gradient(Index group, Index k, Index rows, bool for_input, bool is_first, Index t0, Index t1) {
    const Index depth = for_input ? size.inputs : size.hidden;
    const Index slot = for_input ? Cell::in_slot : Cell::rec_slot;
    Real* sums = (for_input ? dw_in : dw_rec) + (group * depth + k) * gate_size;
    for (Index b = 0; b < plan.block_count; ++b) {
      const Block& block = plan.blocks[b];
      const BlockWorkspace& ws = workspaces[b];
      const Index end = min_of(t1, block.steps);
      const Index steps = t0 < end ? block.start[end] - block.start[t0] : 0;
      const bool overwrite = is_first && b == 0;
      if (steps == 0 && !overwrite) continue;
      const Index left_row = Operands::left_row(ws.capacity);
      Operands::template multiply<Cell::gates>(
          {1, Operands::depth(steps), (for_input ? ws.x_steps : ws.h_steps) + k * left_row, left_row,
           Operands::left_step(for_input ? size.x_row : size.h_row), 0, dgates_steps(ws, group) + slot * W, grad_size, 0,
           overwrite ? zeros : sums, overwrite ? 0 : gate_size, sums, gate_size},
          rows);
    }
  }

  void weight_gradients(const Team& team, bool is_first, Index t0, Index t1) {
    constexpr Index R = Operands::tile_rows;
    const Index tiles_in = group_count(size.inputs, R), tiles_rec = group_count(size.hidden, R);
    const Index tiles_per_group = tiles_in + tiles_rec, tasks = size.groups * tiles_per_group;
    for (Index task = tasks * team.id / team.size; task < tasks * (team.id + 1) / team.size; ++task) {
      const Index group = task / tiles_per_group, tile = task % tiles_per_group;
      const bool for_input = tile < tiles_in;
      const Index k = (for_input ? tile : tile - tiles_in) * R;
      weight_gradient(group, k, min_of(R, (for_input ? size.inputs : size.hidden) - k), for_input, is_first, t0, t1);
    }
  }

  // Chunks of steps that all blocks take together, the last one first.
  void run(const Team& team) {
    [[maybe_unused]] const typename Operands::InUse in_use{};
    begin(team);
    team.barrier();
    const Index rows = max_of(1, plan.blocks[0].rows), chunk = max_of(1, chunk_rows / rows);
    for (Index t1 = plan.steps; t1 > 0;) {
      const Index t0 = (t1 - 1) / chunk * chunk;
      for (Index b = team.id; b < plan.block_count; b += team.size) backward_chunk(plan.blocks[b], workspaces[b], t0, t1);
      team.barrier();
      weight_gradients(team, t1 == plan.steps, t0, t1);
      team.barrier();
      t1 = t0;
    }
    finish(team);
  }

  void finish(const Team& team) {
    for (Index b = team.id; b < plan.block_count; b += team.size) store_gradients(plan.blocks[b], workspaces[b]);
    for (Index group = team.id; group < size.groups; group += team.size) {
      if (plan.steps == 0) {
        fill(dw_in + group * size.inputs * gate_size, size.inputs * gate_size, Real(0));
        fill(dw_rec + group * size.hidden * gate_size, size.hidden * gate_size, Real(0));
      }
      unpack_group<Cell>(dw_in + group * size.inputs * gate_size, size.inputs, size.hidden, Cell::in_order, group,
                         call.gradients->w_in);
      unpack_group<Cell>(dw_rec + group * size.hidden * gate_size, size.hidden, size.hidden, Cell::rec_order, group,
                         call.gradients->w_rec);
      bias_gradient(group);
    }
  }

  void bias_gradient(Index group) {
    Real* sums = workspaces[0].dbias + group * grad_size;
    for (Index b = 1; b < plan.block_count; ++b) add<V>(workspaces[b].dbias + group * grad_size, grad_size, sums);
    const Index units = units_in<V>(group, size.hidden);
    for (int slot = 0; slot < Cell::gates; ++slot)
      copy_partial<V>(sums + (Cell::in_slot + slot) * W, units,
                call.gradients->bias + Cell::in_order[slot] * size.hidden + group * W);
    if constexpr (Cell::has_inner_bias)
      copy_partial<V>(sums + (Cell::grads - 1) * W, units, call.gradients->bias_rec + group * W);
  }

  void store_gradients(const Block& block, const BlockWorkspace& ws) {
    for (Index row = 0; row < block.rows; ++row) {
      const Index to = block.order[row] * size.hidden;
      copy_partial<V>(ws.dh + row * size.h_row, size.hidden, call.dh0 + to);
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group)
          copy_partial<V>(ws.dc + (group * block.rows + row) * W, units_in<V>(group, size.hidden), call.dc0 + to + group * W);
      if (call.dx)
        fill(call.dx + (block.order[row] * layout.steps + block.length[row]) * size.inputs,
             (layout.steps - block.length[row]) * size.inputs, Real(0));
    }
  }
};

}  // namespace
