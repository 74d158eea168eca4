// Memory and rows: what the passes over a sequence share.
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
struct Arena {
  char* base = nullptr;
  std::size_t used = 0;
  template <class Real>
  Real* allocate(Index count) {
    Real* taken = base ? reinterpret_cast<Real*>(base + used) : nullptr;
    used += (count * sizeof(Real) + 63) / 64 * 64;
    return taken;
  }
};

template <class Cell, class Operands>
struct Sizes {
  using V = typename Cell::V;
  Index inputs, hidden, groups, h_row, x_row;
  explicit Sizes(const Layout& layout)
      : inputs(layout.inputs),
        hidden(layout.hidden),
        groups(group_count(layout.hidden, V::width)),
        h_row(Operands::row_of(layout.hidden)),
        x_row(Operands::row_of(layout.inputs)) {}
};

// Rows of the user's arrays lie far apart, and no hardware foresees the next one: it is asked for so many rows ahead.
constexpr Index prefetch_distance = 8;

// Calls `visit` with the place in the user's [B * T] rows of every row of steps [t0, t1), and of one further on.
template <class Visit>
inline void for_each_row(const Block& block, Index t0, Index t1, Visit visit) {
  for (Index t = t0; t < t1; ++t) {
    const Index rows = block.active(t);
    for (Index row = 0; row < rows; ++row)
      visit(block.source(t, row), block.source(t, min_of(row + prefetch_distance, rows - 1)));
  }
}

// Copies the inputs of steps [t0, t1) into rows x_row apart.
template <class Cell>
void gather_inputs(const Layout& layout, const Block& block, const typename Cell::Real* x, Index t0, Index t1,
                   typename Cell::Real* to, Index x_row) {
  using V = typename Cell::V;
  for_each_row(block, t0, t1, [&](Index source, Index upcoming) {
    V::prefetch(x + upcoming * layout.inputs);
    copy_padded<V>(x + source * layout.inputs, layout.inputs, to);
    to += x_row;
  });
}

// How many steps from t0 on make a chunk.
inline Index chunk_end(const Block& block, Index t0) {
  Index t1 = t0 + 1;
  while (t1 < block.steps && block.start[t1 + 1] - block.start[t0] <= chunk_rows) ++t1;
  return min_of(t1, block.steps);
}

}  // namespace
