// The one matrix product under everything: tiles of sums that stay in registers.
#pragma once

#ifdef _MSC_VER
#define ECHOIC_NOINLINE __declspec(noinline)
#else
#define ECHOIC_NOINLINE __attribute__((noinline))
#endif

// Before a loop over sums: GCC unrolls it by itself as well, but too late to keep the sums out of memory.
#if defined(__clang__)
#define ECHOIC_UNROLL _Pragma("unroll")
#elif defined(__GNUC__)
#define ECHOIC_UNROLL _Pragma("GCC unroll 16")
#else
#define ECHOIC_UNROLL
#endif

namespace {

using echoic::Index;

// C[r, n] = start[r, n] + sum over k of A[r, k] * B[k, n], where k runs through `blocks` stretches of `depth`.
// Distances are in numbers. A start row distance of 0 adds the same row (a bias, zeros) everywhere.
template <class Real, class Weight = Real, class Input = Real>
struct Product {
  Index blocks, depth;
  const Input* a;
  Index a_row, a_step, a_block;
  const Weight* b;
  Index b_step, b_block;  // of Bfloat16 two steps stand in pairs: numbers (k, n) and (k + 1, n), for even k
  const Real* start;
  Index start_row;
  Real* c;
  Index c_row;
  const Real* scale = nullptr;  // [n], what weights of one byte are multiplied by
};

// Adds the products of one stretch.
template <class V, int R, int C, class Weight>
void add_products(const Product<typename V::Real, Weight>& p, const typename V::Real* a, const Weight* b, V (&sum)[R][C]) {
  for (Index k = 0; k < p.depth; ++k, a += p.a_step, b += p.b_step) {
    V column[C];
    for (int n = 0; n < C; ++n) column[n] = V::load(b + n * V::width);
    for (int r = 0; r < R; ++r) {
      const V value = V::all(a[r * p.a_row]);
      for (int n = 0; n < C; ++n) sum[r][n] = fma(value, column[n], sum[r][n]);
    }
  }
}

template <class V, int R, int C>
void add_products(const Product<typename V::Real, echoic::Bfloat16>& p, const typename V::Real* a, const echoic::Bfloat16* b,
                  V (&sum)[R][C]) {
  for (Index k = 0; k < p.depth; k += 2, a += 2 * p.a_step, b += 2 * p.b_step) {
    V first[C], second[C];
    for (int n = 0; n < C; ++n) V::load_pairs(b + 2 * n * V::width, first[n], second[n]);
    for (int r = 0; r < R; ++r) {
      const V value = V::all(a[r * p.a_row]);
      for (int n = 0; n < C; ++n) sum[r][n] = fma(value, first[n], sum[r][n]);
    }
    if (k + 1 == p.depth) break;  // the second number of the last pair has no input
    for (int r = 0; r < R; ++r) {
      const V value = V::all(a[r * p.a_row + p.a_step]);
      for (int n = 0; n < C; ++n) sum[r][n] = fma(value, second[n], sum[r][n]);
    }
  }
}

// Pairs on both sides: as many steps as pairs.
template <class V, int R, int C>
void add_products(const Product<typename V::Real, echoic::Bfloat16Pair, echoic::Bfloat16Pair>& p, const echoic::Bfloat16Pair* a,
                  const echoic::Bfloat16Pair* b, V (&sum)[R][C]) {
  for (Index k = 0; k < p.depth; ++k, a += p.a_step, b += p.b_step) {
    decltype(V::load_pairs(b)) column[C];
    for (int n = 0; n < C; ++n) column[n] = V::load_pairs(b + n * V::width);
    for (int r = 0; r < R; ++r) {
      const auto value = V::all_pairs(a[r * p.a_row]);
      for (int n = 0; n < C; ++n) sum[r][n] = V::add_pairs(value, column[n], sum[r][n]);
    }
  }
}

// A tile of R rows and C vectors. Kept apart from what is done with the sums: together, compilers spill them.
template <class V, int R, int C, class Weight, class Input>
ECHOIC_NOINLINE void tile(const Product<typename V::Real, Weight, Input>& p) {
  constexpr bool scaled = sizeof(Weight) == 1;
  V sum[R][C];
  const auto start = [&](int r, int n) { return V::load(p.start + r * p.start_row + n * V::width); };
  for (int r = 0; r < R; ++r)
    for (int n = 0; n < C; ++n) sum[r][n] = scaled ? V::all(0) : start(r, n);
  for (Index block = 0; block < p.blocks; ++block)
    add_products<V, R, C>(p, p.a + block * p.a_block, p.b + block * p.b_block, sum);
  if constexpr (scaled)
    for (int r = 0; r < R; ++r)
      for (int n = 0; n < C; ++n) sum[r][n] = fma(sum[r][n], V::load(p.scale + n * V::width), start(r, n));
  for (int r = 0; r < R; ++r)
    for (int n = 0; n < C; ++n) sum[r][n].store(p.c + r * p.c_row + n * V::width);
}

template <class V, int R, int C, class Weight, class Input>
void tile_of(const Product<typename V::Real, Weight, Input>& p, Index rows) {
  if (rows == R) return tile<V, R, C, Weight, Input>(p);
  if constexpr (R > 1) tile_of<V, R - 1, C, Weight, Input>(p, rows);
}

// `rows` rows of C vectors.
template <class V, int C, class Weight, class Input = typename V::Real>
void multiply(Product<typename V::Real, Weight, Input> p, Index rows) {
  for (; rows >= V::tile_rows; rows -= V::tile_rows) {
    tile<V, V::tile_rows, C, Weight, Input>(p);
    p.a += V::tile_rows * p.a_row;
    p.start += V::tile_rows * p.start_row;
    p.c += V::tile_rows * p.c_row;
  }
  if (rows > 0) tile_of<V, V::tile_rows, C, Weight, Input>(p, rows);
}

// `rows` rows of 1 to 4 vectors.
template <class V, class Weight, class Input = typename V::Real>
void multiply(const Product<typename V::Real, Weight, Input>& p, Index rows, Index vectors) {
  switch (vectors) {
    case 1: return multiply<V, 1, Weight, Input>(p, rows);
    case 2: return multiply<V, 2, Weight, Input>(p, rows);
    case 3: return multiply<V, 3, Weight, Input>(p, rows);
    default: return multiply<V, 4, Weight, Input>(p, rows);
  }
}

}  // namespace
