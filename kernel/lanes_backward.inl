// A layer over sequences, backward, with rows in lanes (lanes.inl).
//
// Each thread takes its bundles back through all steps. The gradients of a chunk of steps are turned, rows beside each other
// becoming rows below each other, and multiplied with z: that is the weights' gradient, in sums of each block's own.
#pragma once

namespace {

template <class Cell>
struct LanesBackward {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  static constexpr Index W = V::width;
  static constexpr Index most_lanes = Lanes<Cell>::max_vectors * W;

  struct BlockWorkspace {  // what one block needs for itself
    Real *c0, *dh, *dc, *dy, *dx, *dgates;  // [numbers, lanes]
    Real* turned;                           // [steps of a chunk, lanes, columns]
    Real* dweights;                         // for each window [inputs it sees, its columns]
  };

  const Backward<Real>& call;
  const Layout& layout;
  Plan plan;
  Lanes<Cell> size;
  Index columns = 0, dweights_size = 0;
  Real *weights, *zeros;
  BlockWorkspace* workspaces;

  LanesBackward(const Backward<Real>& backward, const Plan& block_plan)
      : call(backward), layout(backward.layout), plan(block_plan), size(layout) {
    for (const Window& window : Cell::windows) {
      columns += columns_of(window);
      dweights_size += size.input_count(window) * columns_of(window);
    }
  }

  Index columns_of(const Window& window) const { return group_count(window.slots * size.hidden, W) * W; }

  void allocate_buffers(Arena& arena) {
    weights = arena.allocate<Real>(4 * size.hidden * size.depth);
    zeros = arena.allocate<Real>(most_lanes);
    workspaces = arena.allocate<BlockWorkspace>(plan.block_count);
    for (Index b = 0; b < plan.block_count; ++b) {
      BlockWorkspace ws;
      ws.c0 = arena.allocate<Real>(size.hidden * most_lanes);
      ws.dh = arena.allocate<Real>(size.hidden * most_lanes);
      ws.dc = arena.allocate<Real>(size.hidden * most_lanes);
      ws.dy = arena.allocate<Real>(size.hidden * most_lanes);
      ws.dx = arena.allocate<Real>(size.inputs * most_lanes);
      ws.dgates = arena.allocate<Real>((4 * size.hidden + W) * most_lanes);
      ws.turned = arena.allocate<Real>(max_of(chunk_rows, most_lanes) * columns);
      ws.dweights = arena.allocate<Real>(dweights_size);
      if (workspaces) workspaces[b] = ws;
    }
  }

  // The gradients of rows whose last step comes.
  void load_gradients(const Bundle& bundle, const BlockWorkspace& ws, Index first, Index last) {
    for (Index lane = first; lane < last; ++lane) {
      const Index row = bundle.order(lane) * size.hidden;
      load_lane(call.dh_end, row, bundle.lanes, ws.dh + lane);
      if constexpr (Cell::has_cell) load_lane(call.dc_end, row, bundle.lanes, ws.dc + lane);
    }
  }

  void load_lane(const Real* gradients, Index row, Index lanes, Real* to) const {
    const Real zero = 0;
    copy_lane(gradients ? gradients + row : &zero, gradients ? 1 : 0, size.hidden, to, lanes);
  }

  // Gradients of the gates from those of h and c, which become those before the step (of h: what goes past the gates).
  void differentiate_step(const Bundle& bundle, const BlockWorkspace& ws, const Real* values, const Real* before) {
    const Index lanes = bundle.lanes, H = size.hidden;
    for (Index place = 0; place < H * lanes; place += W) {
      V s[Cell::all_values], grad[Cell::grads];
      for (int slot = 0; slot < Cell::all_values; ++slot) s[slot] = V::load(values + slot * H * lanes + place);
      V dh = V::load(ws.dh + place), dc = V::load(ws.dc + place);
      if (call.dy) dh = dh + V::load(ws.dy + place);
      Cell::differentiate(s, V::load(before + place), dh, dc, grad);
      if constexpr (Cell::starts_from_dh) dh.store(ws.dh + place);
      if constexpr (Cell::has_cell) dc.store(ws.dc + place);
      for (int slot = 0; slot < Cell::grads; ++slot) grad[slot].store(ws.dgates + slot * H * lanes + place);
    }
  }

  // The gradients of `count` inputs of z from number `k` on, which `gates` slots from `slot` on see.
  void input_gradients(const Bundle& bundle, const BlockWorkspace& ws, int slot, Index k, Index count, bool accumulate, Real* to) {
    const Index lanes = bundle.lanes, H = size.hidden;
    multiply<V, Real>({1, Cell::gates * H, weights + slot * H * size.depth + k, 1, size.depth, 0, ws.dgates + slot * H * lanes,
                       lanes, 0, accumulate ? to : zeros, accumulate ? lanes : 0, to, lanes},
                      count, lanes / W);
  }

  void turn(const Bundle& bundle, const BlockWorkspace& ws, Real* to) {
    for (const Window& window : Cell::windows) {
      const Real* from = ws.dgates + window.slot * size.hidden * bundle.lanes;
      for (Index n = 0; n < bundle.lanes; n += W)
        for (Index column = 0; column < columns_of(window); column += W) {
          V square[W];
          for (Index r = 0; r < W; ++r) square[r] = V::load(from + (column + r) * bundle.lanes + n);
          V::transpose(square);
          for (Index r = 0; r < W; ++r) square[r].store(to + (n + r) * columns + column);
        }
      to += columns_of(window);
    }
  }

  // Adds the share of `steps` steps, whose first inputs are z.
  void weight_gradients(const Bundle& bundle, const BlockWorkspace& ws, const Real* z, Index steps) {
    const Real* turned = ws.turned;
    Real* sums = ws.dweights;
    for (const Window& window : Cell::windows) {
      const Index width = columns_of(window);
      for (Index column = 0; column < width; column += most_vectors * W) {
        Real* to = sums + column;
        multiply<V, Real>({steps, bundle.lanes, z + size.first_input(window) * bundle.lanes, bundle.lanes, 1,
                           size.depth * bundle.lanes, turned + column, columns, bundle.lanes * columns, to, width, to, width},
                          size.input_count(window), min_of(most_vectors, (width - column) / W));
      }
      turned += width;
      sums += size.input_count(window) * width;
    }
  }
  static constexpr Index most_vectors = Lanes<Cell>::max_vectors;

  void step_back(const Bundle& bundle, const BlockWorkspace& ws, const Real* z, const Real* values, Index t, Real* turned) {
    const Index lanes = bundle.lanes, H = size.hidden, active = bundle.active(t);
    load_gradients(bundle, ws, bundle.active(t + 1), active);
    if (call.dy)
      rows_to_lanes<V>([&](Index lane) { return call.dy + bundle.source(t, lane) * H; }, -bundle.block->direction * H, active,
                       lanes, H, ws.dy);
    const Real* c_prev = t == 0 ? ws.c0 : values + (4 * H - size.values) * lanes;  // of the step before
    differentiate_step(bundle, ws, values, Cell::has_cell ? c_prev : z + (size.inputs + 1) * lanes);
    input_gradients(bundle, ws, Cell::rec_slot, size.inputs + 1, H, Cell::starts_from_dh, ws.dh);
    if (call.dx) {
      input_gradients(bundle, ws, Cell::in_slot, 0, size.inputs, false, ws.dx);
      lanes_to_rows<V>(ws.dx, active, lanes, size.inputs, -bundle.block->direction * size.inputs,
                       [&](Index lane) { return call.dx + bundle.source(t, lane) * size.inputs; });
    }
    turn(bundle, ws, turned);
  }

  void run_bundle(const Bundle& bundle, const BlockWorkspace& ws, Index lanes_before) {
    const Index lanes = bundle.lanes, chunk = max_of(1, chunk_rows / lanes);
    const Real* z = call.saved + lanes_before * size.saved_per_row(layout.steps);
    const Real* values = z + (layout.steps + 1) * size.depth * lanes;
    fill(ws.dh, size.hidden * lanes, Real(0));
    fill(ws.dc, size.hidden * lanes, Real(0));
    fill(ws.dgates + 4 * size.hidden * lanes, W * lanes, Real(0));
    if constexpr (Cell::has_cell)
      rows_to_lanes<V>([&](Index lane) { return call.c0 + bundle.order(lane) * size.hidden; }, 0, bundle.active(0),
                       lanes, size.hidden, ws.c0);
    for (Index t1 = bundle.steps(); t1 > 0;) {
      const Index t0 = (t1 - 1) / chunk * chunk;
      for (Index t = t1 - 1; t >= t0; --t)
        step_back(bundle, ws, z + t * size.depth * lanes, values + t * size.values * lanes, t,
                  ws.turned + (t - t0) * lanes * columns);
      weight_gradients(bundle, ws, z + t0 * size.depth * lanes, t1 - t0);
      t1 = t0;
    }
    load_gradients(bundle, ws, bundle.active(0), bundle.rows);  // rows without any step hand their gradients on
    store_gradients(bundle, ws);
  }

  void store_gradients(const Bundle& bundle, const BlockWorkspace& ws) {
    for (Index lane = 0; lane < bundle.rows; ++lane) {
      const Index row = bundle.order(lane), length = bundle.block->length[bundle.first + lane];
      copy_lane(ws.dh + lane, bundle.lanes, size.hidden, call.dh0 + row * size.hidden, 1);
      if constexpr (Cell::has_cell) copy_lane(ws.dc + lane, bundle.lanes, size.hidden, call.dc0 + row * size.hidden, 1);
      if (call.dx)
        fill(call.dx + (row * layout.steps + length) * size.inputs, (layout.steps - length) * size.inputs, Real(0));
    }
  }

  void run(const Team& team) {
    if (team.id == 0) {
      size.pack(call.weights, weights);
      fill(zeros, most_lanes, Real(0));
    }
    team.barrier();
    Index before = 0;
    for (Index b = 0; b < plan.block_count; ++b) {
      const BlockWorkspace& ws = workspaces[b];
      if (b % team.size == team.id) {
        fill(ws.dweights, dweights_size, Real(0));
        for_each_bundle<V>(plan.blocks[b],
                           [&](const Bundle& bundle, Index lanes_before) { run_bundle(bundle, ws, before + lanes_before); });
      }
      before += lanes_of<V>(plan.blocks[b].rows);
    }
    team.barrier();
    if (team.id == 0) store_weight_gradients();
  }

  // The sums of all blocks, in torch's layout.
  void store_weight_gradients() {
    Real* sums = workspaces[0].dweights;
    for (Index b = 1; b < plan.block_count; ++b) add<V>(workspaces[b].dweights, dweights_size, sums);
    for (const Window& window : Cell::windows) {
      const Index width = columns_of(window);
      for (int n = 0; n < window.slots; ++n)
        store_slot(window, window.slot + n, sums + n * size.hidden, width);
      sums += size.input_count(window) * width;
    }
  }

  void store_slot(const Window& window, int slot, const Real* sums, Index width) {
    const Index H = size.hidden, in = slot - Cell::in_slot, rec = slot - Cell::rec_slot;
    if (window.sees_x) {
      transpose(sums, width, H, size.inputs, call.dw_in + Cell::in_order[in] * H * size.inputs, size.inputs, size.inputs);
      sums += size.inputs * width;
    }
    const bool is_inner = Cell::has_inner_bias && slot == Cell::grads - 1;
    copy_partial<V>(sums, H, is_inner ? call.dbias_rec : call.dbias + Cell::in_order[in] * H);
    if (window.sees_h) transpose(sums + width, width, H, H, call.dw_rec + Cell::rec_order[rec] * H * H, H, H);
  }
};

}  // namespace
