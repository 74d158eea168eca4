// A layer over sequences, forward, with rows in lanes (lanes.inl).
#pragma once

namespace {

template <class Cell>
struct LanesForward {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  static constexpr Index W = V::width;

  // What a bundle's steps are made in: of each step if they are kept for the way back, of every other one else.
  struct Tape {
    Real *z, *values;
    Index z_step, values_step;
    bool keeps;
    Real* inputs_of(Index t) const { return z + (keeps ? t : t % 2) * z_step; }
    Real* values_of(Index t) const { return values + (keeps ? t : t % 2) * values_step; }
  };

  const Forward<Real>& call;
  const Layout& layout;
  Plan plan;
  Lanes<Cell> size;
  Real *weights, *zeros;
  Real** tapes;  // of each block, if nothing is saved
  Real** c0;     // of each block, [hidden, lanes]

  LanesForward(const Forward<Real>& forward, const Plan& block_plan)
      : call(forward), layout(forward.layout), plan(block_plan), size(layout) {}

  void allocate_buffers(Arena& arena) {
    constexpr Index most = Lanes<Cell>::max_vectors * W;
    weights = arena.allocate<Real>(4 * size.hidden * size.depth);
    zeros = arena.allocate<Real>(most);
    tapes = arena.allocate<Real*>(plan.block_count);
    c0 = arena.allocate<Real*>(plan.block_count);
    for (Index b = 0; b < plan.block_count; ++b) {
      Real* tape = call.saved ? nullptr : arena.allocate<Real>(2 * (size.depth + size.values) * most);
      Real* cells = arena.allocate<Real>(size.hidden * most);
      if (arena.base) tapes[b] = tape, c0[b] = cells;
    }
  }

  Tape tape_of(const Bundle& bundle, Index b, Index lanes_before) const {
    const Index z_step = size.depth * bundle.lanes, values_step = size.values * bundle.lanes;
    Real* memory = call.saved ? call.saved + lanes_before * size.saved_per_row(layout.steps) : tapes[b];
    return {memory, memory + (call.saved ? layout.steps + 1 : 2) * z_step, z_step, values_step, call.saved != nullptr};
  }

  void load_state(const Bundle& bundle, Real* h, Real* c) {
    const Index active = bundle.active(0);
    rows_to_lanes<V>([&](Index lane) { return call.h0 + bundle.order(lane) * size.hidden; }, 0, active, bundle.lanes,
                     size.hidden, h);
    if constexpr (Cell::has_cell)
      rows_to_lanes<V>([&](Index lane) { return call.c0 + bundle.order(lane) * size.hidden; }, 0, active, bundle.lanes,
                       size.hidden, c);
  }

  // Rows that have no step end as they begin.
  void pass_state(const Bundle& bundle) {
    for (Index lane = bundle.active(0); lane < bundle.rows; ++lane) {
      const Index row = bundle.order(lane) * size.hidden;
      copy_lane(call.h0 + row, 1, size.hidden, call.h_end + row, 1);
      if constexpr (Cell::has_cell) copy_lane(call.c0 + row, 1, size.hidden, call.c_end + row, 1);
    }
  }

  // The final state of lanes [first, last).
  void store_state(const Bundle& bundle, const Real* h, const Real* c, Index first, Index last) {
    for (Index lane = first; lane < last; ++lane) {
      const Index row = bundle.order(lane) * size.hidden;
      copy_lane(h + lane, bundle.lanes, size.hidden, call.h_end + row, 1);
      if constexpr (Cell::has_cell) copy_lane(c + lane, bundle.lanes, size.hidden, call.c_end + row, 1);
    }
  }

  void sum_gates(const Bundle& bundle, const Real* z, Real* values) const {
    const Index lanes = bundle.lanes, H = size.hidden;
    for (const Window& window : Cell::windows) {
      const Index k = size.first_input(window);
      multiply<V, Real>({1, size.input_count(window), weights + window.slot * H * size.depth + k, size.depth, 1, 0,
                         z + k * lanes, lanes, 0, zeros, 0, values + window.slot * H * lanes, lanes},
                        window.slots * H, lanes / W);
    }
  }

  // `numbers` numbers of every slot, from c (LSTM) or h (GRU) before the step.
  ECHOIC_NOINLINE static void activate_numbers(Index numbers, const Real* before, Real* values, Real* h_next) {
    for (Index n = 0; n < numbers; n += W) {
      V s[Cell::all_values];
      for (int slot = 0; slot < 4; ++slot) s[slot] = V::load(values + slot * numbers + n);
      const V h = Cell::activate(s, V::load(before + n));
      for (int slot = 0; slot < Cell::all_values; ++slot) s[slot].store(values + slot * numbers + n);
      h.store(h_next + n);
    }
  }

  // Zeros in the lanes of rows that have ended.
  void clear_lanes(const Bundle& bundle, Index active, Real* state) const {
    for (Index unit = 0; unit < size.hidden; ++unit)
      for (Index lane = active; lane < bundle.lanes; ++lane) state[unit * bundle.lanes + lane] = 0;
  }

  void run_bundle(const Bundle& bundle, Index b, Index lanes_before) {
    const Tape tape = tape_of(bundle, b, lanes_before);
    const Index lanes = bundle.lanes, state = (size.inputs + 1) * lanes, direction = bundle.block->direction;
    load_state(bundle, tape.inputs_of(0) + state, c0[b]);
    pass_state(bundle);
    fill(tape.inputs_of(bundle.steps()), state, Real(0));  // nothing is left unwritten where all rows have all steps
    const Real* c = c0[b];
    for (Index t = 0; t < bundle.steps(); ++t) {
      const Index active = bundle.active(t), upcoming = bundle.active(t + 1);
      Real *z = tape.inputs_of(t), *values = tape.values_of(t), *h = tape.inputs_of(t + 1) + state;
      rows_to_lanes<V>([&](Index lane) { return call.x + bundle.source(t, lane) * size.inputs; }, direction * size.inputs, active,
                       lanes, size.inputs, z);
      fill(z + size.inputs * lanes, lanes, Real(1));
      sum_gates(bundle, z, values);
      activate_numbers(size.hidden * lanes, Cell::has_cell ? c : z + state, values, h);
      Real* c_next = values + 4 * size.hidden * lanes;
      clear_lanes(bundle, active, h);
      if constexpr (Cell::has_cell) clear_lanes(bundle, active, c_next);
      c = c_next;
      lanes_to_rows<V>(h, active, lanes, size.hidden, direction * size.hidden,
                       [&](Index lane) { return call.y + bundle.source(t, lane) * size.hidden; });
      store_state(bundle, h, c, upcoming, active);
    }
    for (Index lane = 0; lane < bundle.rows; ++lane) {
      const Index length = bundle.block->length[bundle.first + lane];
      fill(call.y + (bundle.order(lane) * layout.steps + length) * size.hidden, (layout.steps - length) * size.hidden, Real(0));
    }
  }

  void run(const Team& team) {
    if (team.id == 0) {
      size.pack(call.weights, weights);
      fill(zeros, Lanes<Cell>::max_vectors * W, Real(0));
    }
    team.barrier();
    Index before = 0;
    for (Index b = 0; b < plan.block_count; ++b) {
      if (b % team.size == team.id)
        for_each_bundle<V>(plan.blocks[b],
                           [&](const Bundle& bundle, Index lanes_before) { run_bundle(bundle, b, before + lanes_before); });
      before += lanes_of<V>(plan.blocks[b].rows);
    }
  }
};

}  // namespace
