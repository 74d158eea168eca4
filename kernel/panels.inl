// The weights of a linear map, packed once for products with a few rows at a time.
#pragma once

namespace {

// [columns, depth] in panels of up to 4 vectors of columns, each panel [depth, its columns].
template <class V>
struct Panels {
  static constexpr Index W = V::width, max_vectors = 4;
  Index depth, groups;
  float* weights;

  void allocate(Arena& arena, Index columns, Index rows) {
    depth = rows;
    groups = group_count(columns, W);
    weights = arena.allocate<float>(depth * groups * W);
  }

  Index vectors(Index panel) const { return min_of(max_vectors, groups - panel * max_vectors); }

  void pack(const float* from, Index columns) {
    for (Index panel = 0; panel * max_vectors < groups; ++panel) {
      const Index first = panel * max_vectors * W, available = min_of(columns - first, vectors(panel) * W);
      transpose(from + first * depth, depth, depth, available, weights + first * depth, vectors(panel) * W,
                vectors(panel) * W);
    }
  }

  // to[row] = start[row] + a[row] * weights, for rows `distance` apart.
  void multiply_by(const float* a, Index a_row, const float* start, Index start_row, float* to, Index to_row,
                   Index rows) const {
    for (Index panel = 0; panel * max_vectors < groups; ++panel) {
      const Index first = panel * max_vectors * W;
      multiply<V>(Product<float>{1, depth, a, a_row, 1, 0, weights + first * depth, vectors(panel) * W, 0,
                                 start + first, start_row, to + first, to_row},
                  rows, vectors(panel));
    }
  }
};

}  // namespace
