// A whole sequence, forward and backward, for any cell of cells.inl on any vector.
//
// Each thread takes a block of rows through all steps by itself; threads meet only to pack weights and, on the way
// back, to sum weight gradients after every chunk of steps. Sums run in an order that depends on the number of blocks
// alone. The gates of a block lie in panels, one for each group of W units: [total steps of the block, slots * W].
#pragma once

namespace {

using echoic::Backward;
using echoic::Block;
using echoic::Forward;
using echoic::Layout;
using echoic::Plan;
using echoic::Team;

// Steps are worked on in chunks of about so many rows, whose gates then stay in the nearer caches.
constexpr Index chunk_rows = 256;
// The depth to which a product goes before it turns to the next rows: its share of the weights stays in the L2 cache.
constexpr Index product_depth = 256;

constexpr Index min_of(Index a, Index b) { return a < b ? a : b; }
constexpr Index max_of(Index a, Index b) { return a > b ? a : b; }

// Takes arrays off one piece of memory; without memory it only counts.
struct Carver {
  char* base = nullptr;
  std::size_t used = 0;
  template <class Real>
  Real* take(Index count) {
    Real* taken = base ? reinterpret_cast<Real*>(base + used) : nullptr;
    used += (count * sizeof(Real) + 63) / 64 * 64;
    return taken;
  }
};

template <class Cell>
struct Sizes {
  using V = typename Cell::V;
  Index inputs, hidden, groups, h_row, x_row;
  explicit Sizes(const Layout& layout)
      : inputs(layout.inputs),
        hidden(layout.hidden),
        groups(groups_of(layout.hidden, V::width)),
        h_row(row_distance<V>(layout.hidden)),
        x_row(row_distance<V>(layout.inputs)) {}
};

// Rows of the user's arrays lie far apart, and no hardware foresees the next one: it is asked for so many rows ahead.
constexpr Index rows_ahead = 8;

// Calls `visit` with the place in the user's [B * T] rows of every row of steps [t0, t1), and of one further on.
template <class Visit>
inline void each_source(const Block& block, Index t0, Index t1, Visit visit) {
  for (Index t = t0; t < t1; ++t) {
    const Index rows = block.active(t);
    for (Index row = 0; row < rows; ++row)
      visit(block.source(t, row), block.source(t, min_of(row + rows_ahead, rows - 1)));
  }
}

// Copies the inputs of steps [t0, t1) into rows x_row apart.
template <class Cell>
void gather_inputs(const Layout& layout, const Block& block, const typename Cell::Real* x, Index t0, Index t1,
                   typename Cell::Real* to, Index x_row) {
  using V = typename Cell::V;
  each_source(block, t0, t1, [&](Index source, Index ahead) {
    V::prefetch(x + ahead * layout.inputs);
    widen<V>(x + source * layout.inputs, layout.inputs, to);
    to += x_row;
  });
}

// How many steps from t0 on make a chunk.
inline Index chunk_end(const Block& block, Index t0) {
  Index t1 = t0 + 1;
  while (t1 < block.steps && block.start[t1 + 1] - block.start[t0] <= chunk_rows) ++t1;
  return min_of(t1, block.steps);
}

// ---------------------------------------------------------------- forward

template <class Cell>
struct ForwardPass {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  static constexpr Index W = V::width;
  static constexpr Index row_size = Cell::slots * W;

  struct Mine {  // what one block needs for itself
    Real *x, *h, *h_next, *c, *panels;
  };

  const Forward<Real>& call;
  const Layout& layout;
  Plan plan;
  Sizes<Cell> size;
  Real *w_in, *w_rec, *bias, *bias_rec;
  Mine* mine;

  ForwardPass(const Forward<Real>& forward, const Plan& made) : call(forward), layout(forward.layout), plan(made), size(layout) {}

  void carve(Carver& memory) {
    w_in = memory.take<Real>(size.groups * size.inputs * Cell::gates * W);
    w_rec = memory.take<Real>(size.groups * size.hidden * Cell::gates * W);
    bias = memory.take<Real>(size.groups * Cell::gates * W);
    bias_rec = memory.take<Real>(size.groups * W);
    mine = memory.take<Mine>(plan.block_count);
    for (Index at = 0; at < plan.block_count; ++at) {
      const Index rows = plan.blocks[at].rows, most = max_of(rows, chunk_rows);
      Mine m;
      m.x = memory.take<Real>(most * size.x_row);
      m.h = memory.take<Real>(rows * size.h_row);
      m.h_next = memory.take<Real>(rows * size.h_row);
      m.c = memory.take<Real>(size.groups * rows * W);
      m.panels = call.saved ? nullptr : memory.take<Real>(size.groups * most * row_size);
      if (mine) mine[at] = m;
    }
  }

  void pack(const Team& team) {
    for (Index group = team.id; group < size.groups; group += team.size) {
      pack_group<Cell>(call.weights.w_in, size.inputs, size.hidden, Cell::in_order, group,
                       w_in + group * size.inputs * Cell::gates * W);
      pack_group<Cell>(call.weights.w_rec, size.hidden, size.hidden, Cell::rec_order, group,
                       w_rec + group * size.hidden * Cell::gates * W);
      pack_group<Cell>(call.weights.bias, 1, size.hidden, Cell::in_order, group, bias + group * Cell::gates * W);
      if constexpr (Cell::has_inner_bias)
        widen<V>(call.weights.bias_rec + group * W, units_in<V>(group, size.hidden), bias_rec + group * W);
    }
  }

  void load_state(const Block& block, const Mine& m) {
    for (Index row = 0; row < block.rows; ++row) {
      const Index from = block.order[row] * size.hidden;
      widen<V>(call.h0 + from, size.hidden, m.h + row * size.h_row);
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group)
          widen<V>(call.c0 + from + group * W, units_in<V>(group, size.hidden), m.c + (group * block.rows + row) * W);
    }
  }

  // Writes the final state of rows [first, last).
  void store_state(const Block& block, const Mine& m, const Real* h, Index first, Index last) {
    for (Index row = first; row < last; ++row) {
      const Index to = block.order[row] * size.hidden;
      narrow<V>(h + row * size.h_row, size.hidden, call.h_end + to);
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group)
          narrow<V>(m.c + (group * block.rows + row) * W, units_in<V>(group, size.hidden), call.c_end + to + group * W);
    }
  }

  // The input's share of all gates of steps [t0, t1).
  void project(const Block& block, const Mine& m, Real* panels, Index panel_rows, Index first, Index t0, Index t1) {
    const Index rows = block.start[t1] - block.start[t0];
    for (Index group = 0; group < size.groups; ++group) {
      Real* sums = panels + (group * panel_rows + first) * row_size;
      const Real* start = bias + group * Cell::gates * W;
      Index start_row = 0;
      for (Index k = 0; k < size.inputs; k += product_depth) {
        const Real* weights = w_in + (group * size.inputs + k) * Cell::gates * W;
        multiply<V, Cell::gates, Real>({1, min_of(product_depth, size.inputs - k), m.x + k, size.x_row, 1, 0, weights,
                                  Cell::gates * W, 0, start, start_row, sums + Cell::in_slot * W, row_size},
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

  void step(const Block& block, const Mine& m, Real* panels, Index panel_rows, Index first, Index rows) {
    for (Index group = 0; group < size.groups; ++group) {
      Real* panel = panels + (group * panel_rows + first) * row_size;
      Real* sums = panel + Cell::rec_slot * W;
      multiply<V, Cell::gates, Real>({1, size.hidden, m.h, size.h_row, 1, 0,
                                w_rec + group * size.hidden * Cell::gates * W, Cell::gates * W, 0, sums, row_size, sums,
                                row_size},
                               rows);
      Cell::activate({rows, panel, m.h + group * W, m.h_next + group * W, size.h_row,
                      m.c + group * block.rows * W});
    }
  }

  void run_block(Index at, Real* saved) {
    const Block& block = plan.blocks[at];
    Mine m = mine[at];
    load_state(block, m);
    store_state(block, m, m.h, block.steps ? block.active(0) : 0, block.rows);
    for (Index t0 = 0; t0 < block.steps;) {
      const Index t1 = chunk_end(block, t0);
      Real* panels = saved ? saved : m.panels;
      const Index panel_rows = saved ? block.total() : max_of(block.rows, chunk_rows);
      const Index before = saved ? 0 : block.start[t0];
      gather_inputs<Cell>(layout, block, call.x, t0, t1, m.x, size.x_row);
      project(block, m, panels, panel_rows, block.start[t0] - before, t0, t1);
      for (Index t = t0; t < t1; ++t) {
        const Index rows = block.active(t);
        step(block, m, panels, panel_rows, block.start[t] - before, rows);
        for (Index row = 0; row < rows; ++row)
          narrow<V>(m.h_next + row * size.h_row, size.hidden, call.y + block.source(t, row) * size.hidden);
        store_state(block, m, m.h_next, t + 1 < block.steps ? block.active(t + 1) : 0, rows);
        Real* after = m.h_next;
        m.h_next = m.h;
        m.h = after;
      }
      t0 = t1;
    }
    for (Index row = 0; row < block.rows; ++row)
      fill(call.y + (block.order[row] * layout.steps + block.length[row]) * size.hidden,
           (layout.steps - block.length[row]) * size.hidden, Real(0));
  }

  void run(const Team& team) {
    pack(team);
    team.barrier();
    for (Index at = team.id; at < plan.block_count; at += team.size) {
      Index before = 0;
      for (Index other = 0; other < at; ++other) before += plan.blocks[other].total();
      run_block(at, call.saved ? call.saved + before * size.groups * row_size : nullptr);
    }
  }
};

// ---------------------------------------------------------------- backward

template <class Cell>
struct BackwardPass {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  static constexpr Index W = V::width;
  static constexpr Index row_size = Cell::slots * W;
  static constexpr Index grad_size = Cell::grads * W;
  static constexpr Index gate_size = Cell::gates * W;
  static constexpr Index most_vectors = 4;
  static constexpr Index groups_deep = max_of(1, product_depth / gate_size);

  struct Mine {  // what one block needs for itself
    Real *x, *h, *c0, *dh, *dc, *dgates, *dx, *dbias;
    const Real* saved;
    Index capacity;  // rows of one chunk
  };

  const Backward<Real>& call;
  const Layout& layout;
  Plan plan;
  Sizes<Cell> size;
  Real *w_in, *w_rec, *dw_in, *dw_rec, *zeros;
  Mine* mine;

  BackwardPass(const Backward<Real>& backward, const Plan& made) : call(backward), layout(backward.layout), plan(made), size(layout) {}

  void carve(Carver& memory) {
    const Index depth = size.groups * gate_size;
    w_in = call.dx ? memory.take<Real>(depth * groups_of(size.inputs, W) * W) : nullptr;
    w_rec = memory.take<Real>(depth * groups_of(size.hidden, W) * W);
    dw_in = memory.take<Real>(depth * size.inputs);
    dw_rec = memory.take<Real>(depth * size.hidden);
    zeros = memory.take<Real>(most_vectors * W);
    mine = memory.take<Mine>(plan.block_count);
    Index before = 0;
    for (Index at = 0; at < plan.block_count; ++at) {
      const Block& block = plan.blocks[at];
      Mine m;
      m.capacity = max_of(block.rows, chunk_rows);
      m.x = memory.take<Real>(m.capacity * size.x_row);
      m.h = memory.take<Real>(m.capacity * size.h_row);
      m.c0 = Cell::has_cell ? memory.take<Real>(size.groups * block.rows * W) : nullptr;
      m.dh = memory.take<Real>(block.rows * size.h_row);
      m.dc = memory.take<Real>(size.groups * block.rows * W);
      m.dgates = memory.take<Real>(size.groups * m.capacity * grad_size);
      m.dx = call.dx ? memory.take<Real>(m.capacity * size.x_row) : nullptr;
      m.dbias = memory.take<Real>(size.groups * grad_size);
      m.saved = call.saved + before * size.groups * row_size;
      before += block.total();
      if (mine) mine[at] = m;
    }
  }

  // Column panels of up to four vectors, shared out to the team.
  void pack_back(const Team& team, const Real* w, Index depth, const int* order, Real* to) {
    const Index panels = groups_of(depth, most_vectors * W);
    for (Index panel = team.id; panel < panels; panel += team.size) {
      const Index column = panel * most_vectors * W;
      pack_columns<Cell>(w, depth, size.hidden, order, column, vectors_from(column, depth),
                         to + column * size.groups * gate_size);
    }
  }

  static Index vectors_from(Index column, Index depth) { return min_of(most_vectors, groups_of(depth - column, W)); }

  void begin(const Team& team) {
    pack_back(team, call.weights.w_rec, size.hidden, Cell::rec_order, w_rec);
    if (call.dx) pack_back(team, call.weights.w_in, size.inputs, Cell::in_order, w_in);
    if (team.id == 0) fill(zeros, most_vectors * W, Real(0));
    for (Index at = team.id; at < plan.block_count; at += team.size) {
      const Block& block = plan.blocks[at];
      const Mine& m = mine[at];
      fill(m.dbias, size.groups * grad_size, Real(0));
      // Rows without any step hand their gradients on; the others get theirs when their last step comes.
      load_gradients(block, m, block.steps ? block.active(0) : 0, block.rows);
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group)
          for (Index row = 0; row < block.rows; ++row)
            widen<V>(call.c0 + block.order[row] * size.hidden + group * W, units_in<V>(group, size.hidden),
                     m.c0 + (group * block.rows + row) * W);
    }
  }

  void load_gradients(const Block& block, const Mine& m, Index first, Index last) {
    for (Index row = first; row < last; ++row) {
      const Index from = block.order[row] * size.hidden;
      if (call.dh_end)
        widen<V>(call.dh_end + from, size.hidden, m.dh + row * size.h_row);
      else
        fill(m.dh + row * size.h_row, size.h_row, Real(0));
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group) {
          Real* to = m.dc + (group * block.rows + row) * W;
          if (call.dc_end)
            widen<V>(call.dc_end + from + group * W, units_in<V>(group, size.hidden), to);
          else
            V::all(0).store(to);
        }
    }
  }

  // The hidden vectors before steps [t0, t1).
  void gather_hidden(const Block& block, Index t0, Index t1, Real* to) {
    if (t0 == 0)
      for (Index row = 0; row < block.active(0); ++row, to += size.h_row)
        widen<V>(call.h0 + block.order[row] * size.hidden, size.hidden, to);
    each_source(block, max_of(t0, 1), t1, [&](Index source, Index ahead) {
      V::prefetch(call.y + (ahead - block.direction) * size.hidden);
      widen<V>(call.y + (source - block.direction) * size.hidden, size.hidden, to);
      to += size.h_row;
    });
  }

  // A [rows, groups * gates * W], lying in gradient panels from row `first` and vector `slot` on, times packed columns.
  void back_product(const Mine& m, Index first, Index rows, Index slot, const Real* w, Index depth, bool onto, Real* c,
                    Index c_row) {
    for (Index column = 0; column < depth; column += most_vectors * W) {
      const Index vectors = vectors_from(column, depth);
      const Real* panel = w + column * size.groups * gate_size;
      const Real* start = onto ? c + column : zeros;
      Index start_row = onto ? c_row : 0;
      for (Index group = 0; group < size.groups; group += groups_deep) {
        multiply<V, Real>({min_of(groups_deep, size.groups - group), gate_size,
                     m.dgates + (group * m.capacity + first) * grad_size + slot * W, grad_size, 1,
                     m.capacity * grad_size, panel + group * gate_size * vectors * W, vectors * W,
                     gate_size * vectors * W, start, start_row, c + column, c_row},
                    rows, vectors);
        start = c + column;
        start_row = c_row;
      }
    }
  }

  void step_back(const Block& block, const Mine& m, Index t, Index t0) {
    const Index rows = block.active(t), first = block.start[t] - block.start[t0];
    load_gradients(block, m, t + 1 < block.steps ? block.active(t + 1) : 0, rows);
    if (call.dy) {
      Real* dh = m.dh;
      each_source(block, t, t + 1, [&](Index source, Index ahead) {
        V::prefetch(call.dy + ahead * size.hidden);
        add<V>(call.dy + source * size.hidden, size.hidden, dh);
        dh += size.h_row;
      });
    }
    for (Index group = 0; group < size.groups; ++group) {
      const Real* panel = m.saved + group * block.total() * row_size;
      const Real* c_prev = t == 0 ? m.c0 + group * block.rows * W
                                  : panel + block.start[t - 1] * row_size + (Cell::slots - 1) * W;
      Real* dgates = m.dgates + (group * m.capacity + first) * grad_size;
      Cell::differentiate({rows, panel + block.start[t] * row_size, m.h + first * size.h_row + group * W, size.h_row,
                           c_prev, t == 0 ? W : row_size, m.dh + group * W, size.h_row,
                           m.dc + group * block.rows * W, dgates, m.dbias + group * grad_size});
      // Units that do not exist: zero times infinity must not reach the others.
      const Index units = units_in<V>(group, size.hidden);
      if (units < W)
        for (Index n = 0; n < rows * Cell::grads; ++n) widen<V>(dgates + n * W, units, dgates + n * W);
    }
    back_product(m, first, rows, Cell::rec_slot, w_rec, size.hidden, Cell::starts_from_dh, m.dh, size.h_row);
  }

  void chunk_back(const Block& block, const Mine& m, Index t0, Index t1) {
    t1 = min_of(t1, block.steps);
    if (t0 >= t1) return;
    gather_inputs<Cell>(layout, block, call.x, t0, t1, m.x, size.x_row);
    gather_hidden(block, t0, t1, m.h);
    for (Index t = t1 - 1; t >= t0; --t) step_back(block, m, t, t0);
    if (!call.dx) return;
    back_product(m, 0, block.start[t1] - block.start[t0], Cell::in_slot, w_in, size.inputs, false, m.dx, size.x_row);
    const Real* from = m.dx;
    each_source(block, t0, t1, [&](Index source, Index) {
      narrow<V>(from, size.inputs, call.dx + source * size.inputs);
      from += size.x_row;
    });
  }

  // Adds this chunk's share of a weight gradient: rows [k, k + rows) of one group, packed as for the way forward.
  void weight_gradient(Index group, Index k, Index rows, bool of_input, bool is_first, Index t0, Index t1) {
    const Index depth = of_input ? size.inputs : size.hidden;
    const Index slot = of_input ? Cell::in_slot : Cell::rec_slot;
    Real* sums = (of_input ? dw_in : dw_rec) + (group * depth + k) * gate_size;
    for (Index at = 0; at < plan.block_count; ++at) {
      const Block& block = plan.blocks[at];
      const Mine& m = mine[at];
      const Index end = min_of(t1, block.steps);
      const Index steps = t0 < end ? block.start[end] - block.start[t0] : 0;
      const bool fresh = is_first && at == 0;
      if (steps == 0 && !fresh) continue;
      multiply<V, Cell::gates, Real>({1, steps, (of_input ? m.x : m.h) + k, 1, of_input ? size.x_row : size.h_row, 0,
                                m.dgates + group * m.capacity * grad_size + slot * W, grad_size, 0,
                                fresh ? zeros : sums, fresh ? 0 : gate_size, sums, gate_size},
                               rows);
    }
  }

  void weight_gradients(const Team& team, bool is_first, Index t0, Index t1) {
    constexpr Index R = V::tile_rows;
    const Index tiles_in = groups_of(size.inputs, R), tiles_rec = groups_of(size.hidden, R);
    const Index of_group = tiles_in + tiles_rec, tasks = size.groups * of_group;
    for (Index task = tasks * team.id / team.size; task < tasks * (team.id + 1) / team.size; ++task) {
      const Index group = task / of_group, tile = task % of_group;
      const bool of_input = tile < tiles_in;
      const Index k = (of_input ? tile : tile - tiles_in) * R;
      weight_gradient(group, k, min_of(R, (of_input ? size.inputs : size.hidden) - k), of_input, is_first, t0, t1);
    }
  }

  // Chunks of steps that all blocks take together, the last one first.
  void run(const Team& team) {
    begin(team);
    team.barrier();
    const Index rows = max_of(1, plan.blocks[0].rows), chunk = max_of(1, chunk_rows / rows);
    for (Index t1 = plan.steps; t1 > 0;) {
      const Index t0 = (t1 - 1) / chunk * chunk;
      for (Index at = team.id; at < plan.block_count; at += team.size) chunk_back(plan.blocks[at], mine[at], t0, t1);
      team.barrier();
      weight_gradients(team, t1 == plan.steps, t0, t1);
      team.barrier();
      t1 = t0;
    }
    finish(team);
  }

  void finish(const Team& team) {
    for (Index at = team.id; at < plan.block_count; at += team.size) store_gradients(plan.blocks[at], mine[at]);
    for (Index group = team.id; group < size.groups; group += team.size) {
      if (plan.steps == 0) {
        fill(dw_in + group * size.inputs * gate_size, size.inputs * gate_size, Real(0));
        fill(dw_rec + group * size.hidden * gate_size, size.hidden * gate_size, Real(0));
      }
      unpack_group<Cell>(dw_in + group * size.inputs * gate_size, size.inputs, size.hidden, Cell::in_order, group,
                         call.dw_in);
      unpack_group<Cell>(dw_rec + group * size.hidden * gate_size, size.hidden, size.hidden, Cell::rec_order, group,
                         call.dw_rec);
      bias_gradient(group);
    }
  }

  void bias_gradient(Index group) {
    Real* sums = mine[0].dbias + group * grad_size;
    for (Index at = 1; at < plan.block_count; ++at) add<V>(mine[at].dbias + group * grad_size, grad_size, sums);
    const Index units = units_in<V>(group, size.hidden);
    for (int slot = 0; slot < Cell::gates; ++slot)
      narrow<V>(sums + (Cell::in_slot + slot) * W, units,
                call.dbias + Cell::in_order[slot] * size.hidden + group * W);
    if constexpr (Cell::has_inner_bias)
      narrow<V>(sums + (Cell::grads - 1) * W, units, call.dbias_rec + group * W);
  }

  void store_gradients(const Block& block, const Mine& m) {
    for (Index row = 0; row < block.rows; ++row) {
      const Index to = block.order[row] * size.hidden;
      narrow<V>(m.dh + row * size.h_row, size.hidden, call.dh0 + to);
      if constexpr (Cell::has_cell)
        for (Index group = 0; group < size.groups; ++group)
          narrow<V>(m.dc + (group * block.rows + row) * W, units_in<V>(group, size.hidden), call.dc0 + to + group * W);
      if (call.dx)
        fill(call.dx + (block.order[row] * layout.steps + block.length[row]) * size.inputs,
             (layout.steps - block.length[row]) * size.inputs, Real(0));
    }
  }
};

// ---------------------------------------------------------------- the table

template <class Pass, class Call>
void run_pass(const Call& call, int threads) {
  Pass pass(call, echoic::make_plan(call.layout));
  Carver counter;
  pass.carve(counter);
  Carver memory{echoic::scratch(counter.used), 0};
  pass.carve(memory);
  echoic::run_team(threads, [](void* self, const Team& team) { static_cast<Pass*>(self)->run(team); }, &pass);
}

template <class V>
struct SequenceOf {
  using Real = typename V::Real;

  static Index saved_size(echoic::CellKind kind, Index rows, Index hidden) {
    const int slots = kind == echoic::CellKind::lstm ? Lstm<V>::slots : Gru<V>::slots;
    return rows * groups_of(hidden, V::width) * slots * V::width;
  }

  static void forward(echoic::CellKind kind, const Forward<Real>& call, int threads) {
    if (kind == echoic::CellKind::lstm)
      run_pass<ForwardPass<Lstm<V>>>(call, threads);
    else
      run_pass<ForwardPass<Gru<V>>>(call, threads);
  }

  static void backward(echoic::CellKind kind, const Backward<Real>& call, int threads) {
    if (kind == echoic::CellKind::lstm)
      run_pass<BackwardPass<Lstm<V>>>(call, threads);
    else
      run_pass<BackwardPass<Gru<V>>>(call, threads);
  }

  static constexpr echoic::Sequence<Real> table{V::width, saved_size, forward, backward};
};

}  // namespace
