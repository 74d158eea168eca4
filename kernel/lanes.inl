// Rows in lanes: how layers too small to fill vectors with their units lie in memory, and the way there and back.
//
// Up to four vectors of rows ("a bundle") go through all steps together. Every number of a step then is a vector of
// lanes, one for each row, so that no number of units wastes any; a lane whose row has ended holds zeros. One step's inputs
// z are x, a one and h, [inputs + 1 + hidden, lanes]: gates are one product of the weights, bias included, with z.
#pragma once

namespace {

template <class Cell>
struct Lanes {
  using V = typename Cell::V;
  using Real = typename V::Real;
  static constexpr Index W = V::width;
  static constexpr Index max_vectors = 4;

  Index inputs, hidden, depth, values;  // numbers of a step's z, and of all that its gates became, for each row

  explicit Lanes(const Layout& layout)
      : inputs(layout.inputs),
        hidden(layout.hidden),
        depth(layout.inputs + 1 + layout.hidden),
        values(Index{Cell::all_values} * layout.hidden) {}

  // What a row leaves for the way back.
  Index saved_per_row(Index steps) const { return steps * values + (steps + 1) * depth; }

  Index first_input(const Window& window) const { return window.sees_x ? 0 : inputs; }
  Index input_count(const Window& window) const { return (window.sees_x ? inputs : 0) + 1 + (window.sees_h ? hidden : 0); }

  // Weights and biases side by side, as z is: [4 * hidden, depth], zero where a slot does not see an input.
  void pack(const echoic::Weights<Real>& weights, Real* to) const {
    fill(to, 4 * hidden * depth, Real(0));
    for (int n = 0; n < Cell::gates; ++n)
      for (Index unit = 0; unit < hidden; ++unit) {
        const Index in = Cell::in_order[n] * hidden + unit, rec = Cell::rec_order[n] * hidden + unit;
        Real* in_row = to + ((Cell::in_slot + n) * hidden + unit) * depth;
        Real* rec_row = to + ((Cell::rec_slot + n) * hidden + unit) * depth;
        for (Index k = 0; k < inputs; ++k) in_row[k] = weights.w_in[in * inputs + k];
        if (weights.bias) in_row[inputs] = weights.bias[in];
        for (Index k = 0; k < hidden; ++k) rec_row[inputs + 1 + k] = weights.w_rec[rec * hidden + k];
      }
    if (Cell::has_inner_bias && weights.bias_rec)
      for (Index unit = 0; unit < hidden; ++unit) to[(3 * hidden + unit) * depth + inputs] = weights.bias_rec[unit];
  }
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

// Calls `visit` with every bundle of a block, and the number of lanes before it.
template <class V, class Visit>
void for_each_bundle(const Block& block, Visit visit) {
  constexpr Index most = 4 * V::width;
  for (Index first = 0; first < block.rows; first += most) {
    const Index rows = block.rows - first < most ? block.rows - first : most;
    visit(Bundle{&block, first, rows, group_count(rows, V::width) * V::width}, first);
  }
}

template <class V>
Index lanes_of(Index rows) {
  return group_count(rows, V::width) * V::width;
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
