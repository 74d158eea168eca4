// How a live network keeps its weights, and what its products multiply. To what operands.inl asks of operands this adds the
// type `Weight`, in how many rows of them weights of some depth are stored, `store`, which makes them, and `OfInputs`, the
// operands for the inputs of the first layer.
//
// Where weights are bfloat16, hidden vectors are rounded as well, for one row as for a thousand: a stream must not notice the
// others, and all CPUs shall agree. Inputs stay as they are: the next value of a signal often is nearly the last one.
#pragma once

namespace {

// Weights of a type of their own, and all else as it is. Bytes have a scale for each column.
template <class Vector, class StoredWeight>
struct Stored : AsTheyAre<Vector> {
  using V = Vector;
  using Weight = StoredWeight;
  using Product = ::Product<float, Weight>;
  using OfInputs = Stored;
  static constexpr bool has_scale = sizeof(Weight) == 1;
  static constexpr Index stored_rows(Index depth) { return depth; }

  static void store(const float* from, Index depth, Index columns, Weight* to, float* scale) {
    for (Index n = 0; n < columns; ++n) {
      float unit = 1;
      if constexpr (has_scale) {
        float largest = 0;
        for (Index k = 0; k < depth; ++k) largest = fmaxf(largest, fabsf(from[k * columns + n]));
        scale[n] = unit = largest > 0 ? largest / 127 : 1;
      }
      for (Index k = 0; k < depth; ++k) convert(from[k * columns + n], unit, to[k * columns + n]);
    }
  }

  template <int C>
  static void multiply(const Product& p, Index rows) { ::multiply<V, C, Weight>(p, rows); }

 private:
  static void convert(float value, float, float& to) { to = value; }
  static void convert(float value, float, std::uint16_t& to) { to = echoic::half_from_float(value); }
  static void convert(float value, float unit, std::int8_t& to) {
    to = static_cast<std::int8_t>(lrintf(value / unit));
  }
};

// Where no instruction multiplies bfloat16, and where inputs are not rounded. The weights of two rows stand in pairs, as
// where there is one; the last of an odd number has nothing beside it.
template <class Vector>
struct StoredRounded : RoundedFloats<Vector> {
  using V = Vector;
  using Weight = echoic::Bfloat16;
  using Product = ::Product<float, Weight>;
  using OfInputs = StoredRounded;
  static constexpr bool has_scale = false;
  static constexpr Index stored_rows(Index depth) { return (depth + 1) / 2 * 2; }

  static void store(const float* from, Index depth, Index columns, Weight* to, float*) {
    for (Index k = 0; k < stored_rows(depth); ++k)
      for (Index n = 0; n < columns; ++n)
        to[(k / 2 * columns + n) * 2 + k % 2] = k < depth ? echoic::bfloat16_from_float(from[k * columns + n]) : Weight{};
  }

  template <int C>
  static void multiply(const Product& p, Index rows) { ::multiply<V, C, Weight>(p, rows); }
};

// Where an instruction does: pairs, multiplied in vectors or in tiles.
template <class PairedOperands>
struct StoredPairs : PairedOperands {
  using V = typename PairedOperands::V;
  using Weight = echoic::Bfloat16Pair;
  using OfInputs = StoredRounded<V>;
  static constexpr bool has_scale = false;
  static constexpr Index stored_rows(Index depth) { return PairedOperands::depth(depth); }
  static void store(const float* from, Index depth, Index columns, Weight* to, float*) {
    PairedOperands::steps(from, depth, columns, to);
  }
};

// [depth, columns] as it is stored.
template <class Operands>
struct StoredMatrix {
  typename Operands::Weight* weights;
  float* scale;  // [columns], if there is one

  // `count` of them.
  static StoredMatrix* allocate(Arena& arena, Index count, Index depth, Index columns) {
    StoredMatrix* matrices = arena.allocate<StoredMatrix>(count);
    for (Index n = 0; n < count; ++n) {
      auto* weights = arena.allocate<typename Operands::Weight>(Operands::stored_rows(depth) * columns);
      auto* scale = arena.allocate<float>(Operands::has_scale ? columns : 0);
      if (matrices) matrices[n] = {weights, scale};
    }
    return matrices;
  }

  void store(const float* from, Index depth, Index columns) { Operands::store(from, depth, columns, weights, scale); }
};

}  // namespace
