// Layers over sequences, forward, with rows in lanes (lanes.inl).
#pragma once

namespace {

template <class Cell>
struct LanesForward {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  static constexpr Index W = V::width;

  const Forward<Real>& call;
  const Layout& layout;
  Plan plan;
  Lanes<Cell> size;
  Real** weights;  // of each layer, the windows' panels one after the other
  Real** states;   // of each block, [numbers of a state, lanes]: c and h as the steps go
  Real** records;  // of each block, one that every step replaces if nothing is saved

  LanesForward(const Forward<Real>& forward, const Plan& block_plan)
      : call(forward), layout(forward.layout), plan(block_plan), size(layout) {}

  void allocate_buffers(Arena& arena) {
    weights = arena.allocate<Real*>(size.layers);
    states = arena.allocate<Real*>(plan.block_count);
    records = arena.allocate<Real*>(plan.block_count);
    for (Index layer = 0; layer < size.layers; ++layer) {
      Real* panels = arena.allocate<Real>(packed_size(4 * size.hidden, size.inputs_of(layer) + size.hidden));
      if (arena.base) weights[layer] = panels;
    }
    for (Index b = 0; b < plan.block_count; ++b) {
      Real* state = arena.allocate<Real>(size.state * lane_vectors * W);
      Real* record = call.saved ? nullptr : arena.allocate<Real>(size.record * lane_vectors * W);
      if (arena.base) states[b] = state, records[b] = record;
    }
  }

  Index depth_of(const Window& window, Index layer) const {
    return (window.sees_x ? size.inputs_of(layer) : 0) + (window.sees_h ? size.hidden : 0);
  }

  void pack(Index layer) const {
    const echoic::Weights<Real>& from = call.weights[layer];
    const Index H = size.hidden, inputs = size.inputs_of(layer);
    Real* to = weights[layer];
    for (const Window& window : Cell::windows) {
      const Index seen = window.sees_x ? inputs : 0, rows = window.slots * H, depth = depth_of(window, layer);
      const auto at = [&](Index row, Index k) {
        const Index slot = window.slot + row % window.slots, unit = row / window.slots;
        if (k < 0 && !window.sees_x) return from.bias_rec ? from.bias_rec[unit] : Real(0);
        const Index in = (window.sees_x ? Cell::in_order[slot - Cell::in_slot] : 0) * H + unit;
        if (k < 0) return from.bias ? from.bias[in] : Real(0);
        if (k < seen) return from.w_in[in * inputs + k];
        return from.w_rec[(Cell::rec_order[slot - Cell::rec_slot] * H + unit) * H + k - seen];
      };
      pack_panels<V>(rows, depth, at, to);
      to += packed_size(rows, depth);
    }
  }

  // [layers, B, H] of one layer's row.
  Index state_of(Index layer, Index row) const { return (layer * layout.batch + row) * size.hidden; }

  void load_state(const Bundle& bundle, Real* state) const {
    for (Index layer = 0; layer < size.layers; ++layer) {
      const auto load = [&](const Real* from, Index at) {
        rows_to_lanes<V>([&](Index lane) { return from + state_of(layer, bundle.order(lane)); }, 0, bundle.active(0),
                         bundle.lanes, size.hidden, state + at * bundle.lanes);
      };
      load(call.h0, size.h_at(layer));
      if constexpr (Cell::has_cell) load(call.c0, size.carried_at(layer));
    }
  }

  // Rows that have no step end as they begin.
  void pass_state(const Bundle& bundle) const {
    for (Index layer = 0; layer < size.layers; ++layer)
      for (Index lane = bundle.active(0); lane < bundle.rows; ++lane) {
        const Index row = state_of(layer, bundle.order(lane));
        copy_lane(call.h0 + row, 1, size.hidden, call.h_end + row, 1);
        if constexpr (Cell::has_cell) copy_lane(call.c0 + row, 1, size.hidden, call.c_end + row, 1);
      }
  }

  // The final state of lanes [first, last).
  void store_state(const Bundle& bundle, Index layer, const Real* state, Index first, Index last) const {
    for (Index lane = first; lane < last; ++lane) {
      const Index row = state_of(layer, bundle.order(lane));
      copy_lane(state + size.h_at(layer) * bundle.lanes + lane, bundle.lanes, size.hidden, call.h_end + row, 1);
      if constexpr (Cell::has_cell)
        copy_lane(state + size.carried_at(layer) * bundle.lanes + lane, bundle.lanes, size.hidden, call.c_end + row, 1);
    }
  }

  template <int N>
  void sum_gates(Index layer, const Real* input, const Real* h, Real* values) const {
    const Real* panels = weights[layer];
    for (const Window& window : Cell::windows) {
      const Index rows = window.slots * size.hidden;
      lane_product<V, N>({panels, input, h, window.sees_x ? size.inputs_of(layer) : 0, window.sees_h ? size.hidden : 0,
                          values + window.slot * size.hidden * N * W, false},
                         rows);
      panels += packed_size(rows, depth_of(window, layer));
    }
  }

  // Zeros in the lanes of rows that have ended.
  void clear_lanes(const Bundle& bundle, Index active, Real* state) const {
    for (Index unit = 0; unit < size.hidden; ++unit)
      for (Index lane = active; lane < bundle.lanes; ++lane) state[unit * bundle.lanes + lane] = 0;
  }

  template <int N>
  void step(const Bundle& bundle, Index layer, Index t, Real* record, Real* state) const {
    constexpr Index lanes = N * W;
    const Index active = bundle.active(t);
    Real *gates = record + size.gates_at(layer) * lanes, *carried = state + size.carried_at(layer) * lanes;
    Real* h = state + size.h_at(layer) * lanes;
    sum_gates<N>(layer, layer ? state + size.h_at(layer - 1) * lanes : record, h, gates);
    activate_lanes<Cell, N>(size.hidden, call.saved ? size.record * lanes : 0, gates, carried, h);
    if (active < lanes) {
      clear_lanes(bundle, active, h);
      clear_lanes(bundle, active, carried);
    }
    store_state(bundle, layer, state, bundle.active(t + 1), active);
  }

  // saved: [steps] records, then states; or nullptr.
  template <int N>
  void run_bundle(const Bundle& bundle, Real* state, Real* record, Real* saved) const {
    constexpr Index lanes = N * W;
    const Index H = size.hidden, direction = bundle.block->direction;
    load_state(bundle, state);
    pass_state(bundle);
    for (Index t = 0; t < bundle.steps(); ++t) {
      if (saved) {
        record = saved + t * size.record * lanes;
        if (t % size.chunk == 0)
          copy_partial<V>(state, size.state * lanes, saved + (layout.steps * size.record + t / size.chunk * size.state) * lanes);
      }
      rows_to_lanes<V>([&](Index lane) { return call.x + bundle.source(t, lane) * size.inputs; }, direction * size.inputs,
                       bundle.active(t), lanes, size.inputs, record);
      for (Index layer = 0; layer < size.layers; ++layer) step<N>(bundle, layer, t, record, state);
      lanes_to_rows<V>(state + size.h_at(size.layers - 1) * lanes, bundle.active(t), lanes, H, direction * H,
                       [&](Index lane) { return call.y + bundle.source(t, lane) * H; });
    }
    for (Index lane = 0; lane < bundle.rows; ++lane) {
      const Index length = bundle.block->length[bundle.first + lane];
      fill(call.y + (bundle.order(lane) * layout.steps + length) * H, (layout.steps - length) * H, Real(0));
    }
  }

  void run_block(Index b, Index lanes_before) const {
    for_each_bundle<V>(plan.blocks[b], [&](const Bundle& bundle, Index lanes_inside) {
      Real* saved = call.saved ? call.saved + (lanes_before + lanes_inside) * size.saved_per_row(layout.steps) : nullptr;
      bundle.lanes == W ? run_bundle<1>(bundle, states[b], records[b], saved)
                        : run_bundle<lane_vectors>(bundle, states[b], records[b], saved);
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
  }
};

}  // namespace
