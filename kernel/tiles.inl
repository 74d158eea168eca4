// Products of bfloat16 in the tiles of Intel's AMX: registers of up to 16 rows of 64 bytes, one instruction of which adds to 16 x 16
// sums the products of 16 x 16 pairs.
//
// Tiles are configured: how many rows and bytes each of them has. One configuration serves a whole product, and is kept until a
// product of other rows or another depth comes. The assembly is our own because that of GCC's header does not say that it reads
// memory, and stores could be moved past it.
#pragma once

namespace {

constexpr Index most_tile_rows = 16, most_tile_pairs = 16;
// With fewer rows a product is left to the vectors.
constexpr Index fewest_tile_rows = 4;

// What the tiles of a product look like.
struct TileShape {
  Index first, second;  // rows of the two tiles of A, and of the sums beside them; the second is 0: there is none
  Index pairs;          // of A in a row, and rows of B
  bool operator==(const TileShape& other) const { return first == other.first && second == other.second && pairs == other.pairs; }
};

// The shape that is configured in this thread, if `pairs` is not 0.
thread_local TileShape configured_tiles{};

// A worker makes one of these before its first product. Others may have used the tiles before, and will after: with a shape of
// their own, or none.
class TilesInUse {
 public:
  TilesInUse() { configured_tiles = {}; }
  ~TilesInUse() {
    if (configured_tiles.pairs) __asm__ volatile("tilerelease" : : : "memory");
  }
  TilesInUse(const TilesInUse&) = delete;
  TilesInUse& operator=(const TilesInUse&) = delete;
};

// Tiles by number: sums 0 to 3, A 4 and 5, B 6 and 7.
constexpr int tile_a = 4, tile_b = 6;

struct alignas(64) TileConfiguration {  // as the instruction reads it
  std::uint8_t palette, start_row, zeros[14];
  std::uint16_t row_bytes[16];
  std::uint8_t rows[16];
};

inline void configure_tiles(const TileShape& shape) {
  if (configured_tiles == shape) return;
  TileConfiguration to{};
  static_assert(sizeof to == 64, "as large as the instruction has it");
  to.palette = 1;
  const Index second = shape.second ? shape.second : shape.first;
  const Index rows[] = {shape.first, shape.first, second, second, shape.first, second, shape.pairs, shape.pairs};
  for (int tile = 0; tile < 8; ++tile) {
    const bool is_a = tile == tile_a || tile == tile_a + 1;
    to.rows[tile] = static_cast<std::uint8_t>(rows[tile]);
    to.row_bytes[tile] = static_cast<std::uint16_t>(4 * (is_a ? shape.pairs : 16));
  }
  __asm__ volatile("ldtilecfg %0" : : "m"(to) : "memory");
  configured_tiles = shape;
}

// Rows are `distance` bytes apart.
template <int tile>
inline void load_tile(const void* from, Index distance) {
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(distance), "i"(tile) : "memory");
}
template <int tile>
inline void store_tile(void* to, Index distance) {
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(distance), "i"(tile) : "memory");
}
template <int sum, int a, int b>
inline void add_tile_product() {
  __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sum), "i"(a), "i"(b));
}

// Calls `function` with the numbers from 0 to `end` as types, since tiles are named when the code is compiled.
template <int number>
struct Constant {
  static constexpr int value = number;
};
template <int end, int first = 0, class Function>
inline void each_constant(const Function& function) {
  if constexpr (first < end) {
    function(Constant<first>{});
    each_constant<end, first + 1>(function);
  }
}

// R tiles of rows by C of columns: four at most, so that as many sums as there are tiles for wait for each other.
template <int R, int C, class Product>
ECHOIC_NOINLINE void tile_block(const Product& p, Index pairs) {
  static_assert(R * C <= 4 && (R == 1 || C <= 2), "there are four tiles of sums, the last two of the second rows");
  constexpr Index W = 16;
  const auto* const first_a = p.a;
  const auto* const first_b = p.b;
  const Index a_row = p.a_row, a_block = p.a_block, b_step = p.b_step, b_block = p.b_block, depth = p.depth, blocks = p.blocks;
  each_constant<R * C>([&](auto n) {
    constexpr int r = decltype(n)::value / C, c = decltype(n)::value % C;
    load_tile<2 * r + c>(p.start + r * most_tile_rows * p.start_row + c * W, 4 * p.start_row);
  });
  for (Index block = 0; block < blocks; ++block) {
    const auto* a = first_a + block * a_block;
    const auto* b = first_b + block * b_block;
    for (Index k = 0; k < depth; k += pairs, a += pairs, b += pairs * b_step) {
      load_tile<tile_a>(a, 4 * a_row);
      if constexpr (R == 2) load_tile<tile_a + 1>(a + most_tile_rows * a_row, 4 * a_row);
      each_constant<C>([&](auto n) {
        constexpr int c = decltype(n)::value, column = tile_b + c % 2;
        load_tile<column>(b + c * W, 4 * b_step);
        add_tile_product<c, tile_a, column>();
        if constexpr (R == 2) add_tile_product<2 + c, tile_a + 1, column>();
      });
    }
  }
  each_constant<R * C>([&](auto n) {
    constexpr int r = decltype(n)::value / C, c = decltype(n)::value % C;
    store_tile<2 * r + c>(p.c + r * most_tile_rows * p.c_row + c * W, 4 * p.c_row);
  });
}

// Pairs that tiles multiply. Where there are more than one tile has in its depth they are filled up with zeros on both sides.
template <class Vector>
struct TilePairs : Pairs<Vector> {
  using V = Vector;
  using Real = typename V::Real;
  using Operand = echoic::Bfloat16Pair;
  using Product = ::Product<Real, Operand, Operand>;
  static constexpr Index tile_rows = 2 * most_tile_rows;
  using InUse = TilesInUse;
  static constexpr Index depth(Index count) {
    const Index pairs = Pairs<V>::depth(count);
    return pairs <= most_tile_pairs ? pairs : group_count(pairs, most_tile_pairs) * most_tile_pairs;
  }
  // Rows of several tiles begin where lines of the caches do.
  static constexpr Index row_of(Index count) {
    const Index row = row_stride<V>(2 * depth(count)), tile_row = 2 * most_tile_pairs;
    return row <= tile_row ? row : group_count(row, tile_row) * tile_row;
  }
  static Operand* buffer_of_steps(Arena& arena, Real*, Index rows, Index row) { return arena.allocate<Operand>(depth(rows) * row); }

  static const Operand* rows(const Real* from, Index rows, Index row, Index count, Operand* to) {
    Pairs<V>::rows(from, rows, row, count, to);
    const Index end = group_count(count, V::width) * V::width / 2;
    if (end < depth(count))
      for (Index at = 0; at < rows * row; at += row) V::store_rounded(V::all(0), to + at / 2 + end);
    return to;
  }
  static void steps(const Real* from, Index rows, Index row, Operand* to) {
    Pairs<V>::steps(from, rows, row, to);
    const Index end = Pairs<V>::depth(rows);
    for (Index n = end * row; n < depth(rows) * row; n += V::width) V::store_pairs(V::all(0), V::all(0), to + n);
  }

  // The left operand turned: number n of a row becomes row n, and a pair of rows stands in it as a column. Chunks have room for
  // whole tiles.
  static_assert(chunk_rows > 2 * most_tile_pairs, "`buffer_of_steps` has room for `left_row` pairs of each number");
  static constexpr Index left_row(Index capacity) { return group_count(depth(capacity), most_tile_pairs) * most_tile_pairs; }
  static constexpr Index left_step(Index) { return 1; }
  static void left_steps(const Real* from, Index rows, Index row, Index capacity, Operand* to) {
    const Index distance = left_row(capacity);
    for (Index n = 0; n < row; n += V::width)
      for (Index pair = 0; 2 * pair < rows; pair += most_tile_pairs) {
        V square[most_tile_pairs];
        for (Index k = 0; k < most_tile_pairs; ++k) {
          const Index at = 2 * (pair + k);
          square[k] = V::pairs(part(from + n, at, rows, row), part(from + n, at + 1, rows, row));
        }
        V::transpose(square);
        for (Index k = 0; k < V::width; ++k) square[k].store(reinterpret_cast<Real*>(to + (n + k) * distance + pair));
      }
  }

  template <int C>
  static void multiply(Product p, Index rows) {
    const Index pairs = tile_depth(p.depth), blocks = group_count(rows, tile_rows);
    // Blocks of the same number of rows, which need one configuration, and what is over.
    const Index block = pairs && rows >= fewest_tile_rows ? rows / blocks : 0, rest = rows - blocks * block;
    for (Index n = 0; block && n < blocks; ++n) p = with_tiles<C>(p, block, pairs);
    if (pairs && rest >= fewest_tile_rows)
      with_tiles<C>(p, rest, pairs);
    else if (rest > 0)
      Pairs<V>::template multiply<C>(p, rest);
  }
  static void multiply(const Product& p, Index rows, Index vectors) {
    switch (vectors) {
      case 1: return multiply<1>(p, rows);
      case 2: return multiply<2>(p, rows);
      case 3: return multiply<3>(p, rows);
      default: return multiply<4>(p, rows);
    }
  }

 private:
  // Into how many pairs a depth is cut: the same number each time, or none.
  static Index tile_depth(Index depth) {
    const Index tiles = group_count(depth, most_tile_pairs);
    return tiles && depth % tiles == 0 ? depth / tiles : 0;
  }

  // Up to 32 rows of C columns. Gives the product of the rows after them.
  template <int C>
  static Product with_tiles(Product p, Index rows, Index pairs) {
    if (rows > most_tile_rows) {
      configure_tiles({most_tile_rows, rows - most_tile_rows, pairs});
      tile_block<2, C < 2 ? 1 : 2>(p, pairs);
      if constexpr (C > 2) tile_block<2, C - 2>(columns_after(p, 2), pairs);
    } else {
      configure_tiles({rows, 0, pairs});
      tile_block<1, C>(p, pairs);
    }
    p.a += rows * p.a_row;
    p.start += rows * p.start_row;
    p.c += rows * p.c_row;
    return p;
  }

  static Product columns_after(Product p, Index vectors) {
    p.b += vectors * V::width;
    p.start += vectors * V::width;
    p.c += vectors * V::width;
    return p;
  }

  // Of a row, or zeros where there is none.
  static V part(const Real* from, Index at, Index rows, Index row) { return at < rows ? V::load(from + at * row) : V::all(0); }
};

}  // namespace
