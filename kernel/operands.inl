// What the operands of a layer's products are: its numbers as they are, or rounded to bfloat16. Sums are floats either way.
//
// Passes work on floats, and make of them the operands of a product: `rows` where it sums over the first `count` numbers of a
// row, `steps` where it sums over rows, and `left_steps` of the left operand of such a sum. `depth` is how many operands that
// many numbers make. Buffers may be the floats.
#pragma once

namespace {

// Products in vectors, of operands that stand row by row.
template <class Vector, class Number>
struct InVectors {
  using V = Vector;
  using Real = typename V::Real;
  using Operand = Number;
  using Product = ::Product<Real, Operand, Operand>;
  static constexpr Index tile_rows = V::tile_rows;  // that a product takes at once, at most
  struct InUse {};  // what a worker holds while it multiplies
  static constexpr Index row_of(Index count) { return row_stride<V>(count); }  // floats from one row to the next
  // From one number of a row to the next, and from one operand of a sum over `capacity` rows to the next.
  static constexpr Index left_row(Index) { return 1; }
  static constexpr Index left_step(Index row) { return row; }
  template <int C>
  static void multiply(const Product& p, Index rows) { ::multiply<V, C, Operand, Operand>(p, rows); }
  static void multiply(const Product& p, Index rows, Index vectors) { ::multiply<V, Operand, Operand>(p, rows, vectors); }
};

template <class Vector>
struct AsTheyAre : InVectors<Vector, typename Vector::Real> {
  using V = Vector;
  using Real = typename V::Real;
  using Operand = Real;
  static constexpr Index numbers = 1;  // in an operand
  static constexpr Index depth(Index count) { return count; }
  static Operand* buffer_of_rows(Arena&, Real* floats, Index) { return floats; }
  static Operand* buffer_of_steps(Arena&, Real* floats, Index, Index) { return floats; }
  static const Operand* rows(const Real* from, Index, Index, Index, Operand*) { return from; }
  static void steps(const Real*, Index, Index, Operand*) {}
  static void left_steps(const Real*, Index, Index, Index, Operand*) {}
};

// Where no instruction multiplies bfloat16: floats with their values.
template <class Vector>
struct RoundedFloats : InVectors<Vector, typename Vector::Real> {
  using V = Vector;
  using Real = typename V::Real;
  using Operand = Real;
  static constexpr Index numbers = 1;
  static constexpr Index depth(Index count) { return count; }
  static Operand* buffer_of_rows(Arena& arena, Real*, Index count) { return arena.allocate<Real>(count); }
  static Operand* buffer_of_steps(Arena& arena, Real*, Index rows, Index row) { return arena.allocate<Real>(rows * row); }
  static const Operand* rows(const Real* from, Index rows, Index row, Index count, Operand* to) {
    for (Index at = 0; at < rows * row; at += row)
      for (Index n = at; n < at + count; n += V::width) rounded(V::load(from + n)).store(to + n);
    return to;
  }
  static void steps(const Real* from, Index rows, Index row, Operand* to) { RoundedFloats::rows(from, rows, row, row, to); }
  static void left_steps(const Real* from, Index rows, Index row, Index, Operand* to) { steps(from, rows, row, to); }
};

// Pairs of bfloat16, the products of which one instruction adds to a sum: for vectors that have it.
template <class Vector>
struct Pairs : InVectors<Vector, echoic::Bfloat16Pair> {
  using V = Vector;
  using Real = typename V::Real;
  using Operand = echoic::Bfloat16Pair;
  static constexpr Index numbers = 2;
  static constexpr Index depth(Index count) { return (count + 1) / 2; }
  static Operand* buffer_of_rows(Arena& arena, Real*, Index count) { return arena.allocate<Operand>(depth(count)); }
  static Operand* buffer_of_steps(Arena& arena, Real*, Index rows, Index row) { return arena.allocate<Operand>(depth(rows) * row); }
  // Of the last number of an odd count the partner becomes zero: what lies there may be not a number.
  static const Operand* rows(const Real* from, Index rows, Index row, Index count, Operand* to) {
    for (Index at = 0; at < rows * row; at += row) {
      Index n = 0;
      for (; n + V::width <= count; n += V::width) V::store_rounded(V::load(from + at + n), to + (at + n) / 2);
      if (n < count) V::store_rounded(V::load_part(from + at + n, static_cast<int>(count - n)), to + (at + n) / 2);
    }
    return to;
  }
  static void steps(const Real* from, Index rows, Index row, Operand* to) {
    for (Index step = 0; step < rows; step += 2, to += row)
      for (Index n = 0; n < row; n += V::width) {
        const V second = step + 1 < rows ? V::load(from + (step + 1) * row + n) : V::all(0);
        V::store_pairs(V::load(from + step * row + n), second, to + n);
      }
  }
  static void left_steps(const Real* from, Index rows, Index row, Index, Operand* to) { steps(from, rows, row, to); }
};

}  // namespace
