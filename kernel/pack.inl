// Weights in the order in which the tiles read them, and rows between the user's layout and ours.
//
// Units come in groups of W (the last one filled up with zeros), and a group's gates stand side by side.
#pragma once

namespace {

constexpr Index group_count(Index count, Index width) { return (count + width - 1) / width; }

// The distance between rows: never a multiple of a page, or rows would push each other out of the nearest cache.
template <class V>
constexpr Index row_stride(Index count) {
  const Index whole = group_count(count, V::width) * V::width;
  return whole % 256 == 0 ? whole + V::width : whole;
}

// to[r, n] = from[n][r] for `columns` rows of `from`, each `rows` long; missing columns become zero.
// Goes in squares, so that both sides stay in the nearest cache.
template <class Real>
void transpose(const Real* from, Index from_row, Index rows, Index columns, Real* to, Index to_row, Index to_columns) {
  constexpr Index tile_size = 16;
  for (Index first = 0; first < rows; first += tile_size) {
    const Index last = first + tile_size < rows ? first + tile_size : rows;
    for (Index n = 0; n < columns; ++n)
      for (Index r = first; r < last; ++r) to[r * to_row + n] = from[n * from_row + r];
    for (Index n = columns; n < to_columns; ++n)
      for (Index r = first; r < last; ++r) to[r * to_row + n] = 0;
  }
}

// How many of a group's W units exist.
template <class V>
Index units_in(Index group, Index hidden) {
  const Index left = hidden - group * V::width;
  return left < V::width ? left : V::width;
}

// For the way forward: to [depth, gates * W] for one group, from w [gates * hidden, depth].
template <class Cell>
void pack_group(const typename Cell::Real* w, Index depth, Index hidden, const int* order, Index group,
                typename Cell::Real* to) {
  using V = typename Cell::V;
  for (int slot = 0; slot < Cell::gates; ++slot)
    transpose(w + (order[slot] * hidden + group * V::width) * depth, depth, depth, units_in<V>(group, hidden),
              to + slot * V::width, Index{Cell::gates} * V::width, V::width);
}

// The inverse of `pack_group`.
template <class Cell>
void unpack_group(const typename Cell::Real* from, Index depth, Index hidden, const int* order, Index group,
                  typename Cell::Real* w) {
  using V = typename Cell::V;
  constexpr Index from_row = Index{Cell::gates} * V::width;
  for (int slot = 0; slot < Cell::gates; ++slot)
    transpose(from + slot * V::width, from_row, units_in<V>(group, hidden), depth,
              w + (order[slot] * hidden + group * V::width) * depth, depth, depth);
}

// For the way back: `vectors` vectors of columns from `column` on, to [groups * gates * W, vectors * W].
template <class Cell>
void pack_columns(const typename Cell::Real* w, Index depth, Index hidden, const int* order, Index column, Index vectors,
                  typename Cell::Real* to) {
  using V = typename Cell::V;
  using Real = typename Cell::Real;
  const Index width = vectors * V::width;
  const Index available = depth - column < width ? depth - column : width;
  for (Index group = 0; group < group_count(hidden, V::width); ++group)
    for (int slot = 0; slot < Cell::gates; ++slot)
      for (Index lane = 0; lane < V::width; ++lane, to += width) {
        const bool exists = lane < units_in<V>(group, hidden);
        const Real* from = w + (order[slot] * hidden + group * V::width + lane) * depth + column;
        for (Index n = 0; n < width; ++n) to[n] = exists && n < available ? from[n] : 0;
      }
}

// Copies `count` numbers; `to` has room for whole vectors, and what is beyond becomes zero.
template <class V>
void copy_padded(const typename V::Real* from, Index count, typename V::Real* to) {
  Index n = 0;
  for (; n + V::width <= count; n += V::width) V::load(from + n).store(to + n);
  if (n < count) V::load_part(from + n, static_cast<int>(count - n)).store(to + n);
}

// Copies `count` numbers and touches no others of `to`.
template <class V>
void copy_partial(const typename V::Real* from, Index count, typename V::Real* to) {
  Index n = 0;
  for (; n + V::width <= count; n += V::width) V::load(from + n).store(to + n);
  if (n < count) V::load(from + n).store_part(to + n, static_cast<int>(count - n));
}

template <class V>
void add(const typename V::Real* from, Index count, typename V::Real* to) {
  Index n = 0;
  for (; n + V::width <= count; n += V::width) (V::load(to + n) + V::load(from + n)).store(to + n);
  if (n < count) (V::load(to + n) + V::load_part(from + n, static_cast<int>(count - n))).store(to + n);
}

template <class Real>
void fill(Real* to, Index count, Real value) {
  for (Index n = 0; n < count; ++n) to[n] = value;
}

}  // namespace
