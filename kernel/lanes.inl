// Rows in lanes: how layers too small to fill vectors with their units lie in memory, and the way there and back.
//
// Two vectors of rows ("a bundle") go through all steps and all layers together. Every number of a step then is a vector
// of lanes, one for each row, so that no number of units wastes any; a lane whose row has ended holds zeros.
//
// A step leaves a record [numbers, lanes] for the way back: x, then the four gates of every layer. The rest, which would
// nearly double what goes to memory and back, follows from them and from the state that is kept before every eighth step.
#pragma once

namespace {

template <class Cell>
struct Lanes {
  using V = typename Cell::V;
  using Real = typename V::Real;
  static constexpr Index W = V::width;

  static constexpr Index chunk = 8;                           // steps from one state that is kept to the next
  static constexpr Index state_vectors = Cell::has_cell ? 2 : 1;  // c (LSTM) and h

  Index layers, inputs, hidden, record, state;  // record, state: numbers of all layers

  explicit Lanes(const Layout& layout)
      : layers(layout.layers),
        inputs(layout.inputs),
        hidden(layout.hidden),
        record(layout.inputs + layout.layers * 4 * layout.hidden),
        state(layout.layers * state_vectors * layout.hidden) {}

  // What a row leaves for the way back: records, then states.
  Index saved_per_row(Index steps) const { return steps * record + group_count(steps, chunk) * state; }

  Index inputs_of(Index layer) const { return layer ? hidden : inputs; }
  Index gates_at(Index layer) const { return inputs + layer * 4 * hidden; }              // in a record
  Index carried_at(Index layer) const { return layer * state_vectors * hidden; }         // in a state: c (LSTM) or h
  Index h_at(Index layer) const { return carried_at(layer + 1) - hidden; }
};

// Rows of a block that go through the steps together.
struct Bundle {
  const Block* block;
  Index first, rows, lanes;
  Index steps() const { return rows ? block->length[first] : 0; }
  Index order(Index lane) const { return block->order[first + lane]; }
  Index source(Index t, Index lane) const { return block->source(t, first + lane); }
  Index active(Index t) const {
    const Index left = t < block->steps ? block->active(t) - first : 0;
    return left < 0 ? 0 : left < rows ? left : rows;
  }
};

template <class V>
Index lanes_of(Index rows) {
  return group_count(rows, V::width) * V::width;
}

// Calls `visit` with every bundle of a block, and the number of lanes before it.
template <class V, class Visit>
void for_each_bundle(const Block& block, Visit visit) {
  constexpr Index most = lane_vectors * V::width;
  for (Index first = 0; first < block.rows; first += most) {
    const Index rows = min_of(block.rows - first, most);
    visit(Bundle{&block, first, rows, lanes_of<V>(rows)}, first);
  }
}

// to [count, lanes] from `active` rows of `count` numbers each, `from(lane)`; zeros in the other lanes. No hardware foresees
// what is read next from so many rows, so it is asked for: `ahead` numbers from here.
template <class V, class From>
ECHOIC_NOINLINE void rows_to_lanes(From from, Index ahead, Index active, Index lanes, Index count, typename V::Real* to) {
  constexpr Index W = V::width;
  if (count * 4 < W) {
    for (Index lane = 0; lane < lanes; ++lane)
      for (Index k = 0; k < count; ++k) to[k * lanes + lane] = lane < active ? from(lane)[k] : 0;
    return;
  }
  for (Index n = 0; n < lanes; n += W)
    for (Index k = 0; k < count; k += W) {
      V square[W];
      for (Index r = 0; r < W; ++r) {
        square[r] = V::all(0);
        if (n + r >= active) continue;
        const auto* row = from(n + r) + k;
        square[r] = k + W <= count ? V::load(row) : V::load_part(row, static_cast<int>(count - k));
        V::prefetch(row + ahead);
      }
      V::transpose(square);
      for (Index r = 0; r < W && k + r < count; ++r) square[r].store(to + (k + r) * lanes + n);
    }
}

// The way back: `to(lane)` gets the numbers of every active lane.
template <class V, class To>
ECHOIC_NOINLINE void lanes_to_rows(const typename V::Real* from, Index active, Index lanes, Index count, Index ahead, To to) {
  constexpr Index W = V::width;
  if (count * 4 < W) {
    for (Index lane = 0; lane < active; ++lane)
      for (Index k = 0; k < count; ++k) to(lane)[k] = from[k * lanes + lane];
    return;
  }
  for (Index n = 0; n < active; n += W)
    for (Index k = 0; k < count; k += W) {
      V square[W];
      for (Index r = 0; r < W; ++r) square[r] = k + r < count ? V::load(from + (k + r) * lanes + n) : V::all(0);
      V::transpose(square);
      for (Index r = 0; r < W && n + r < active; ++r) {
        auto* row = to(n + r) + k;
        k + W <= count ? square[r].store(row) : square[r].store_part(row, static_cast<int>(count - k));
        V::prefetch(row + ahead);
      }
    }
}

// One lane's column of [hidden, lanes], to or from a row.
template <class Real>
void copy_lane(const Real* from, Index from_step, Index count, Real* to, Index to_step) {
  for (Index n = 0; n < count; ++n) to[n * to_step] = from[n * from_step];
}

}  // namespace
