// The arithmetic between the products of a step with rows in lanes.
//
// A record's gates, and their gradients, are rows of lanes. Slots that see the same inputs (a window) stand beside each
// other, unit after unit: a step then reads and writes few streams, where one for each slot, at equal distances, would
// push each other out of the nearest cache.
#pragma once

namespace {

template <class Cell>
constexpr Window window_of(int slot) {
  int n = 0;
  while (slot >= Cell::windows[n].slot + Cell::windows[n].slots) ++n;
  return Cell::windows[n];
}

// The row of a unit's slot, and back.
template <class Cell>
constexpr Index row_of(int slot, Index unit, Index hidden) {
  const Window window = window_of<Cell>(slot);
  return window.slot * hidden + unit * window.slots + slot - window.slot;
}

struct SlotOfUnit {
  int slot;
  Index unit;
};

template <class Cell>
SlotOfUnit slot_at(Index row, Index hidden) {
  const Window window = window_of<Cell>(static_cast<int>(row / hidden));
  const Index inside = row - window.slot * hidden;
  return {window.slot + static_cast<int>(inside % window.slots), inside / window.slots};
}

// Where the gates of a unit lie, from one lane on.
template <class Cell, int N, class Real>
struct Gates {
  Real* first;
  Index hidden;
  Real* at(int slot, Index unit, Index lane) const { return first + row_of<Cell>(slot, unit, hidden) * N * Cell::V::width + lane; }
};

// The gates' sums become their values; `carried`, what the step carries on, and h those after the step.
// The place of the next record, `ahead` numbers from here, is fetched meanwhile: what lies there has long left the caches.
template <class Cell, int N>
ECHOIC_NOINLINE void activate_lanes(Index hidden, Index ahead, typename Cell::Real* sums, typename Cell::Real* carried,
                                    typename Cell::Real* h) {
  using V = typename Cell::V;
  const Gates<Cell, N, typename Cell::Real> gates{sums, hidden};
  for (Index unit = 0, place = 0; unit < hidden; ++unit)
    for (Index lane = 0; lane < N * V::width; lane += V::width, place += V::width) {
      V s[Cell::all_values];
      for (int slot = 0; slot < 4; ++slot) s[slot] = V::load(gates.at(slot, unit, lane));
      const V after = Cell::activate(s, V::load(carried + place));
      for (int slot = 0; slot < 4; ++slot) {
        s[slot].store(gates.at(slot, unit, lane));
        V::prefetch(gates.at(slot, unit, lane) + ahead);
      }
      if constexpr (Cell::has_cell) s[4].store(carried + place);
      after.store(h + place);
    }
}

// What `derive` makes of a step's gates, from what it made of the step before: arrays [derived, hidden, lanes].
template <class Cell, int N>
ECHOIC_NOINLINE void derive_lanes(Index hidden, const typename Cell::Real* values, const typename Cell::Real* before,
                                  typename Cell::Real* after) {
  using V = typename Cell::V;
  const Index numbers = hidden * N * V::width;
  const Gates<Cell, N, const typename Cell::Real> gates{values, hidden};
  for (Index unit = 0, place = 0; unit < hidden; ++unit)
    for (Index lane = 0; lane < N * V::width; lane += V::width, place += V::width) {
      V s[Cell::all_values], made[Cell::derived];
      for (int slot = 0; slot < 4; ++slot) s[slot] = V::load(gates.at(slot, unit, lane));
      Cell::derive(s, V::load(before + place), made);
      for (int n = 0; n < Cell::derived; ++n) made[n].store(after + n * numbers + place);
    }
}

template <class Real>
struct DifferentiateLanes {
  Index hidden;
  const Real* gates;           // a step's values
  const Real *before, *after;  // what `derive` made before and after the step
  const Real* dy;              // [hidden, lanes], or nullptr
  Real *dh, *dc;               // after the step; become those before it (of h: what goes past the gates)
  Real* dgates;                // as the gates
};

// Gradients of the gates from those of h and c.
template <class Cell, int N>
ECHOIC_NOINLINE void differentiate_lanes(const DifferentiateLanes<typename Cell::Real>& call) {
  using V = typename Cell::V;
  const DifferentiateLanes<typename Cell::Real> d = call;  // what is stored cannot change a copy
  const Index numbers = d.hidden * N * V::width;
  const Gates<Cell, N, const typename Cell::Real> gates{d.gates, d.hidden};
  const Gates<Cell, N, typename Cell::Real> gradients{d.dgates, d.hidden};
  for (Index unit = 0, place = 0; unit < d.hidden; ++unit)
    for (Index lane = 0; lane < N * V::width; lane += V::width, place += V::width) {
      V s[Cell::all_values], grad[Cell::grads];
      for (int slot = 0; slot < 4; ++slot) s[slot] = V::load(gates.at(slot, unit, lane));
      if constexpr (Cell::has_cell) s[5] = V::load(d.after + numbers + place);
      V dh = V::load(d.dh + place), dc = V::load(d.dc + place);
      if (d.dy) dh = dh + V::load(d.dy + place);
      Cell::differentiate(s, V::load(d.before + place), dh, dc, grad);
      if constexpr (Cell::starts_from_dh) dh.store(d.dh + place);
      if constexpr (Cell::has_cell) dc.store(d.dc + place);
      for (int slot = 0; slot < Cell::grads; ++slot) grad[slot].store(gradients.at(slot, unit, lane));
    }
}

}  // namespace
