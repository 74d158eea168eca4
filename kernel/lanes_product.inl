// The product of a step with rows in lanes: each weight times a vector of rows.
//
// Weights lie in the order in which a tile reads them: panels of up to `lane_rows` rows, and in each a bias for every row,
// then the rows' weights of one input after the other.
//
// What the next chunk of steps needs has long left the caches. A product fetches it meanwhile, a vector or two for each
// input: fetched as fast as gates are read, it would arrive no sooner, and the arithmetic would wait.
#pragma once

namespace {

// Vectors of rows that go through the steps together: each weight that is fetched serves both.
constexpr int lane_vectors = 2;

template <class V>
constexpr int lane_rows = 2 * V::tile_rows;

// As equal as can be: a panel of few rows has too few sums to keep the arithmetic busy.
template <class V>
constexpr Index panel_rows(Index rows) {
  return rows ? group_count(rows, group_count(rows, lane_rows<V>)) : 1;
}

constexpr Index packed_size(Index rows, Index depth) { return rows * (1 + depth); }

// at(row, k): of weight k of a row; at(row, -1): its bias.
template <class V, class At>
void pack_panels(Index rows, Index depth, At at, typename V::Real* to) {
  const Index most = panel_rows<V>(rows);
  for (Index first = 0; first < rows; first += most) {
    const Index last = min_of(first + most, rows);
    for (Index k = -1; k < depth; ++k)
      for (Index row = first; row < last; ++row) *to++ = at(row, k);
  }
}

// to[r, lane] = bias[r] + sum over k of weights[r, k] * inputs[k, lane], where the inputs lie in two stretches.
template <class Real>
struct LaneProduct {
  const Real* weights;
  const Real *first, *second;
  Index first_depth, second_depth;
  Real* to;
  bool accumulate;  // adds to what is there
  const Real* upcoming = nullptr;  // as many numbers as the inputs, fetched meanwhile
};

// `fetched`: vectors of `upcoming` for each input.
template <class V, int R, int N, int fetched>
ECHOIC_NOINLINE void lane_tile(const LaneProduct<typename V::Real>& p) {
  using Real = typename V::Real;
  constexpr Index W = V::width;
  V sum[R][N];
  ECHOIC_UNROLL
  for (int r = 0; r < R; ++r)
    ECHOIC_UNROLL
    for (int n = 0; n < N; ++n) sum[r][n] = V::all(p.weights[r]);
  const Real *w = p.weights + R, *upcoming = p.upcoming;
  for (int part = 0; part < 2; ++part) {
    const Real* input = part ? p.second : p.first;
    for (Index k = part ? p.second_depth : p.first_depth; k > 0; --k, w += R, input += N * W, upcoming += fetched * W) {
      V column[N];
      ECHOIC_UNROLL
      for (int n = 0; n < N; ++n) column[n] = V::load(input + n * W);
      ECHOIC_UNROLL
      for (int n = 0; n < fetched; ++n) V::prefetch(upcoming + n * W);
      ECHOIC_UNROLL
      for (int r = 0; r < R; ++r) {
        const V weight = V::all(w[r]);
        ECHOIC_UNROLL
        for (int n = 0; n < N; ++n) sum[r][n] = fma(weight, column[n], sum[r][n]);
      }
    }
  }
  ECHOIC_UNROLL
  for (int r = 0; r < R; ++r)
    ECHOIC_UNROLL
    for (int n = 0; n < N; ++n) {
      Real* to = p.to + (r * N + n) * W;
      (p.accumulate ? sum[r][n] + V::load(to) : sum[r][n]).store(to);
    }
}

template <class V, int R, int N, int fetched>
void lane_tile_of(const LaneProduct<typename V::Real>& p, Index rows) {
  if (rows == R) return lane_tile<V, R, N, fetched>(p);
  if constexpr (R > 1) lane_tile_of<V, R - 1, N, fetched>(p, rows);
}

template <class V, int N>
void lane_product(LaneProduct<typename V::Real> p, Index rows) {
  constexpr int R = lane_rows<V>;
  const Index most = panel_rows<V>(rows), depth = p.first_depth + p.second_depth;
  const int each = !p.upcoming ? 0 : most < rows ? 1 : N;  // shared out among N panels, if there are as many
  for (int fetched = 0; rows > 0; rows -= most, fetched += each) {
    const Index count = min_of(most, rows);
    if (each == 0 || fetched >= N)
      lane_tile_of<V, R, N, 0>(p, count);
    else
      each == N ? lane_tile_of<V, R, N, N>(p, count) : lane_tile_of<V, R, N, 1>(p, count);
    p.weights += packed_size(count, depth);
    p.to += count * N * V::width;
    if (p.upcoming) p.upcoming += each * depth * V::width;
  }
}

}  // namespace
