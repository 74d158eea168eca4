// Layers over sequences, backward, with rows in lanes (lanes.inl).
//
// Each thread takes its bundles back through chunks of steps, and in a chunk through the layers, the top one first; the
// gradients of a layer's inputs, kept for the chunk, are those of the outputs of the layer below. The gates' gradients are
// turned, rows beside each other becoming rows below each other, and at the chunk's end multiplied with what the layer saw:
// that is the weights' gradient, in sums of each block's own.
#pragma once

namespace {

template <class Cell>
struct LanesBackward {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  static constexpr Index W = V::width;
  static constexpr Index most_lanes = lane_vectors * W;
  static constexpr Index chunk = Lanes<Cell>::chunk;  // steps
  static constexpr Index most_vectors = 4;            // of a tile of the weights' gradients

  // The sums of a layer's weight gradients: [inputs, columns], [hidden, columns] and, of the biases, [columns].
  struct Sums {
    Real *w_in, *w_rec, *bias;
  };

  struct BlockWorkspace {   // what one block needs for itself
    Real *dh, *dc;          // [layers, hidden, lanes]
    Real* derived;          // [layers, 1 + steps of a chunk, numbers that `derive` makes, lanes]: before its steps, and after each
    Real* dy;               // [steps of a chunk, hidden, lanes], replaced by the gradients of the layer's inputs
    Real *dx, *dgates;      // [numbers, lanes]
    Real* turned;           // [steps of a chunk, lanes, columns]
    Real* sums;             // of all layers
  };

  const Backward<Real>& call;
  const Layout& layout;
  Plan plan;
  Lanes<Cell> size;
  Index gates, derived_numbers, columns, sums_size;  // of a layer; gates: those that x or h feeds
  Real **w_in, **w_rec;             // of each layer, packed
  BlockWorkspace* workspaces;

  LanesBackward(const Backward<Real>& backward, const Plan& block_plan)
      : call(backward), layout(backward.layout), plan(block_plan), size(layout), gates(Cell::gates * layout.hidden), derived_numbers(Cell::derived * layout.hidden),
        columns(group_count(Cell::rec_slot * layout.hidden + group_count(gates, W) * W, W) * W),
        sums_size((size.inputs + (2 * size.layers - 1) * size.hidden + size.layers) * columns) {}

  void allocate_buffers(Arena& arena) {
    w_in = arena.allocate<Real*>(size.layers);
    w_rec = arena.allocate<Real*>(size.layers);
    for (Index layer = 0; layer < size.layers; ++layer) {
      Real* in = layer || call.dx ? arena.allocate<Real>(packed_size(size.inputs_of(layer), gates)) : nullptr;
      Real* rec = arena.allocate<Real>(packed_size(size.hidden, gates));
      if (arena.base) w_in[layer] = in, w_rec[layer] = rec;
    }
    workspaces = arena.allocate<BlockWorkspace>(plan.block_count);
    for (Index b = 0; b < plan.block_count; ++b) {
      BlockWorkspace ws;
      ws.dh = arena.allocate<Real>(size.layers * size.hidden * most_lanes);
      ws.dc = arena.allocate<Real>(size.layers * size.hidden * most_lanes);
      ws.derived = arena.allocate<Real>(size.layers * (chunk + 1) * derived_numbers * most_lanes);
      ws.dy = arena.allocate<Real>(chunk * size.hidden * most_lanes);
      ws.dx = arena.allocate<Real>(size.inputs * most_lanes);
      ws.dgates = arena.allocate<Real>((4 * size.hidden + W) * most_lanes);
      ws.turned = arena.allocate<Real>(chunk * most_lanes * columns);
      ws.sums = arena.allocate<Real>(sums_size);
      if (workspaces) workspaces[b] = ws;
    }
  }

  // Of a row among those that x or h feeds, the first of which is that of `first_slot`.
  Index row_in_torch(Index row, int first_slot, const int* order) const {
    const SlotOfUnit found = slot_at<Cell>(first_slot * size.hidden + row, size.hidden);
    return order[found.slot - first_slot] * size.hidden + found.unit;
  }

  void pack(Index layer) const {
    const auto columns_of = [&](const Real* w, Index depth, int first_slot, const int* order, Real* to) {
      const auto at = [&](Index row, Index k) { return k < 0 ? Real(0) : w[row_in_torch(k, first_slot, order) * depth + row]; };
      if (to) pack_panels<V>(depth, gates, at, to);
    };
    columns_of(call.weights[layer].w_in, size.inputs_of(layer), Cell::in_slot, Cell::in_order, w_in[layer]);
    columns_of(call.weights[layer].w_rec, size.hidden, Cell::rec_slot, Cell::rec_order, w_rec[layer]);
  }

  Sums sums_of(Real* sums, Index layer) const {
    Real* w_in = sums + (layer ? size.inputs + (2 * layer - 1) * size.hidden + layer : 0) * columns;
    Real* w_rec = w_in + size.inputs_of(layer) * columns;
    return {w_in, w_rec, w_rec + size.hidden * columns};
  }

  // The gradients of the final state of rows whose last step comes.
  void load_gradients(const Bundle& bundle, const BlockWorkspace& ws, Index layer, Index first, Index last) const {
    for (Index lane = first; lane < last; ++lane) {
      const Index row = (layer * layout.batch + bundle.order(lane)) * size.hidden, to = layer * size.hidden * bundle.lanes + lane;
      load_lane(call.dh_end, row, bundle.lanes, ws.dh + to);
      if constexpr (Cell::has_cell) load_lane(call.dc_end, row, bundle.lanes, ws.dc + to);
    }
  }

  void load_lane(const Real* gradients, Index row, Index lanes, Real* to) const {
    const Real zero = 0;
    copy_lane(gradients ? gradients + row : &zero, gradients ? 1 : 0, size.hidden, to, lanes);
  }

  Real* derived_of(const BlockWorkspace& ws, Index layer, Index step, Index lanes) const {
    return ws.derived + (layer * (chunk + 1) + step) * derived_numbers * lanes;
  }
  Index h_derived(Index lanes) const { return (derived_numbers - size.hidden) * lanes; }

  // Of `steps` steps, from the state before them.
  template <int N>
  void derive_chunk(const BlockWorkspace& ws, const Real* records, const Real* state, Index steps) const {
    constexpr Index lanes = N * W;
    const Index numbers = size.hidden * lanes;
    for (Index layer = 0; layer < size.layers; ++layer) {
      Real* first = derived_of(ws, layer, 0, lanes);
      copy_partial<V>(state + size.carried_at(layer) * lanes, numbers, first);
      copy_partial<V>(state + size.h_at(layer) * lanes, numbers, first + h_derived(lanes));
    }
    for (Index t = 0; t < steps; ++t)
      for (Index layer = 0; layer < size.layers; ++layer)
        derive_lanes<Cell, N>(size.hidden, records + (t * size.record + size.gates_at(layer)) * lanes,
                              derived_of(ws, layer, t, lanes), derived_of(ws, layer, t + 1, lanes));
  }

  // To rows of columns; the biases' gradient is their sum.
  ECHOIC_NOINLINE void turn(const Real* dgates, Index lanes, Real* to, Real* bias) const {
    for (Index column = 0; column < 4 * size.hidden; column += W) {
      V sum = V::load(bias + column);
      for (Index n = 0; n < lanes; n += W) {
        V square[W];
        for (Index r = 0; r < W; ++r) square[r] = V::load(dgates + (column + r) * lanes + n);
        V::transpose(square);
        for (Index r = 0; r < W; ++r) square[r].store(to + (n + r) * columns + column);
        for (Index half = W / 2; half > 0; half /= 2)
          for (Index r = 0; r < half; ++r) square[r] = square[r] + square[r + half];
        sum = sum + square[0];
      }
      sum.store(bias + column);
    }
  }

  // Adds the share of `steps` steps in the weights' gradients of `count` inputs, `stride` numbers from step to step.
  void weight_gradients(const BlockWorkspace& ws, Index lanes, const Real* input, Index stride, Index count, int slot, Index steps,
                        Real* sums) const {
    const Index vectors = group_count(gates, W), most = group_count(vectors, group_count(vectors, most_vectors));
    for (Index n = 0; n < vectors; n += most)
      multiply<V, Real>({steps, lanes, input, lanes, 1, stride, ws.turned + slot * size.hidden + n * W,
                         columns, lanes * columns, sums + n * W, columns, sums + n * W, columns},
                        count, min_of(most, vectors - n));
  }

  // Step t, number s of its chunk. The record `upcoming` is fetched meanwhile.
  template <int N>
  void step_back(const Bundle& bundle, const BlockWorkspace& ws, Index layer, const Real* record, const Real* upcoming, Index t,
                 Index s, bool has_dy) const {
    constexpr Index lanes = N * W;
    const Index H = size.hidden, numbers = H * lanes;
    Real *dh = ws.dh + layer * numbers, *dc = ws.dc + layer * numbers, *dy = ws.dy + s * numbers;
    load_gradients(bundle, ws, layer, bundle.active(t + 1), bundle.active(t));
    differentiate_lanes<Cell, N>({H, record + size.gates_at(layer) * lanes, 
                                  derived_of(ws, layer, s, lanes), derived_of(ws, layer, s + 1, lanes), has_dy ? dy : nullptr,
                                  dh, dc, ws.dgates});
    lane_product<V, N>({w_rec[layer], ws.dgates + Cell::rec_slot * numbers, nullptr, gates, 0, dh, Cell::starts_from_dh,
                        upcoming ? upcoming + size.gates_at(layer) * lanes : nullptr}, H);
    turn(ws.dgates, lanes, ws.turned + s * lanes * columns, sums_of(ws.sums, layer).bias);
    if (!w_in[layer]) return;
    lane_product<V, N>({w_in[layer], ws.dgates + Cell::in_slot * numbers, nullptr, gates, 0, layer ? dy : ws.dx, false},
                       size.inputs_of(layer));
    if (layer) return;
    const Index back = bundle.block->direction * size.inputs;
    lanes_to_rows<V>(ws.dx, bundle.active(t), lanes, size.inputs, -back,
                     [&](Index lane) { return call.dx + bundle.source(t, lane) * size.inputs; });
  }

  // Steps [t0, t1) of a chunk. The records from `upcoming` on are fetched meanwhile.
  template <int N>
  void chunk_back(const Bundle& bundle, const BlockWorkspace& ws, const Real* saved, const Real* upcoming, Index t0,
                  Index t1) const {
    constexpr Index lanes = N * W;
    const Index H = size.hidden, record = size.record * lanes, top = size.layers - 1, steps = t1 - t0;
    const Real* records = saved + t0 * record;
    derive_chunk<N>(ws, records, saved + (layout.steps * size.record + t0 / chunk * size.state) * lanes, steps);
    for (Index layer = top; layer >= 0; --layer) {
      for (Index t = t1 - 1; t >= t0; --t) {
        if (layer == top && call.dy)
          rows_to_lanes<V>([&](Index lane) { return call.dy + bundle.source(t, lane) * H; }, -bundle.block->direction * H,
                           bundle.active(t), lanes, H, ws.dy + (t - t0) * H * lanes);
        step_back<N>(bundle, ws, layer, records + (t - t0) * record, upcoming ? upcoming + (t - t0) * record : nullptr, t,
                     t - t0, layer < top || call.dy);
      }
      const Sums sums = sums_of(ws.sums, layer);
      const Index derived = derived_numbers * lanes;
      const Real* below = layer ? derived_of(ws, layer - 1, 1, lanes) + h_derived(lanes) : records;
      weight_gradients(ws, lanes, below, layer ? derived : record, size.inputs_of(layer), Cell::in_slot, steps, sums.w_in);
      weight_gradients(ws, lanes, derived_of(ws, layer, 0, lanes) + h_derived(lanes), derived, H, Cell::rec_slot, steps, sums.w_rec);
    }
  }

  // The last chunk's records of the next bundle, if it is as large.
  const Real* next_bundle(const Bundle& bundle, const Real* saved) const {
    const Index next = bundle.first + bundle.rows;
    const Index steps = next + bundle.lanes <= bundle.block->rows ? bundle.block->length[next] : 0;
    if (steps < chunk) return nullptr;
    return saved + (size.saved_per_row(layout.steps) + (steps - chunk) * size.record) * bundle.lanes;
  }

  template <int N>
  void run_bundle(const Bundle& bundle, const BlockWorkspace& ws, const Real* saved) const {
    constexpr Index lanes = N * W;
    fill(ws.dh, size.layers * size.hidden * lanes, Real(0));
    fill(ws.dc, size.layers * size.hidden * lanes, Real(0));
    fill(ws.dgates + 4 * size.hidden * lanes, W * lanes, Real(0));
    for (Index t1 = bundle.steps(); t1 > 0;) {
      const Index t0 = (t1 - 1) / chunk * chunk;
      chunk_back<N>(bundle, ws, saved, t0 ? saved + (t0 - chunk) * size.record * lanes : next_bundle(bundle, saved), t0, t1);
      t1 = t0;
    }
    store_gradients(bundle, ws);
  }

  // Rows without any step hand their gradients on.
  void store_gradients(const Bundle& bundle, const BlockWorkspace& ws) const {
    const Index H = size.hidden;
    for (Index layer = 0; layer < size.layers; ++layer) {
      load_gradients(bundle, ws, layer, bundle.active(0), bundle.rows);
      for (Index lane = 0; lane < bundle.rows; ++lane) {
        const Index from = layer * H * bundle.lanes + lane, to = (layer * layout.batch + bundle.order(lane)) * H;
        copy_lane(ws.dh + from, bundle.lanes, H, call.dh0 + to, 1);
        if constexpr (Cell::has_cell) copy_lane(ws.dc + from, bundle.lanes, H, call.dc0 + to, 1);
      }
    }
    for (Index lane = 0; call.dx && lane < bundle.rows; ++lane) {
      const Index length = bundle.block->length[bundle.first + lane];
      fill(call.dx + (bundle.order(lane) * layout.steps + length) * size.inputs, (layout.steps - length) * size.inputs, Real(0));
    }
  }

  void run_block(Index b, Index lanes_before) const {
    const BlockWorkspace& ws = workspaces[b];
    fill(ws.sums, sums_size, Real(0));
    for_each_bundle<V>(plan.blocks[b], [&](const Bundle& bundle, Index lanes_inside) {
      const Real* saved = call.saved + (lanes_before + lanes_inside) * size.saved_per_row(layout.steps);
      bundle.lanes == W ? run_bundle<1>(bundle, ws, saved) : run_bundle<lane_vectors>(bundle, ws, saved);
    });
  }

  void run(const Team& team) {
    for (Index layer = team.id; layer < size.layers; layer += team.size) pack(layer);
    team.barrier();
    Index before = 0;
    for (Index b = 0; b < plan.block_count; ++b) {
      if (b % team.size == team.id) run_block(b, before);
      before += lanes_of<V>(plan.blocks[b].rows);
    }
    team.barrier();
    if (team.id == 0)
      for (Index b = 1; b < plan.block_count; ++b) add<V>(workspaces[b].sums, sums_size, workspaces[0].sums);
    team.barrier();
    for (Index layer = team.id; layer < size.layers; layer += team.size) store_weight_gradients(layer);
  }

  // In torch's layout.
  void store_weight_gradients(Index layer) const {
    const Index H = size.hidden, inputs = size.inputs_of(layer);
    const Sums sums = sums_of(workspaces[0].sums, layer);
    const echoic::Gradients<Real>& to = call.gradients[layer];
    for (Index row = 0; row < gates; ++row) {
      const Index in = row_in_torch(row, Cell::in_slot, Cell::in_order), rec = row_in_torch(row, Cell::rec_slot, Cell::rec_order);
      copy_lane(sums.w_in + row, columns, inputs, to.w_in + in * inputs, 1);
      copy_lane(sums.w_rec + row, columns, H, to.w_rec + rec * H, 1);
      to.bias[in] = sums.bias[Cell::in_slot * H + row];
    }
    if constexpr (Cell::has_inner_bias) copy_partial<V>(sums.bias + (Cell::grads - 1) * H, H, to.bias_rec);
  }
};

}  // namespace
