// Eight floats at a time: AVX2 with FMA and F16C.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "half.h"

#if !defined(_MSC_VER) && !(defined(__AVX2__) && defined(__FMA__) && defined(__F16C__))
#error "compile this target with AVX2, FMA and F16C"
#endif

namespace {

struct Avx2 {
  using Real = float;
  static constexpr int width = 8;
  static constexpr int tile_rows = 3;  // 3 x 4 sums, 4 columns: 16 registers
  __m256 v;

  static __m256i first(int count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Avx2 load(const float* from) { return {_mm256_loadu_ps(from)}; }
  static Avx2 load_part(const float* from, int count) { return {_mm256_maskload_ps(from, first(count))}; }
  static Avx2 load(const std::uint16_t* half) {
    return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(half)))};
  }
  static Avx2 load(const std::int8_t* byte) {
    return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(byte))))};
  }
  // Of two rows whose numbers are beside each other: the first number of each pair, and the second.
  static void load_pairs(const echoic::Bfloat16* from, Avx2& first, Avx2& second) {
    const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    first.v = _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16));
    second.v = _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000))));
  }
  static Avx2 all(float value) { return {_mm256_set1_ps(value)}; }
  void store(float* to) const { _mm256_storeu_ps(to, v); }
  void store_part(float* to, int count) const { _mm256_maskstore_ps(to, first(count), v); }
  friend Avx2 operator+(Avx2 a, Avx2 b) { return {_mm256_add_ps(a.v, b.v)}; }
  friend Avx2 operator-(Avx2 a, Avx2 b) { return {_mm256_sub_ps(a.v, b.v)}; }
  friend Avx2 operator*(Avx2 a, Avx2 b) { return {_mm256_mul_ps(a.v, b.v)}; }
  static void prefetch(const void* address) { _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0); }
  // Rows become columns.
  static void transpose(Avx2 (&rows)[8]) {
    Avx2 pairs[8];
    for (int n = 0; n < 8; n += 2) {
      pairs[n].v = _mm256_unpacklo_ps(rows[n].v, rows[n + 1].v);
      pairs[n + 1].v = _mm256_unpackhi_ps(rows[n].v, rows[n + 1].v);
    }
    Avx2 quads[8];
    for (int n = 0; n < 8; n += 4)
      for (int half = 0; half < 2; ++half) {
        quads[n + 2 * half].v = _mm256_shuffle_ps(pairs[n + half].v, pairs[n + half + 2].v, 0x44);
        quads[n + 2 * half + 1].v = _mm256_shuffle_ps(pairs[n + half].v, pairs[n + half + 2].v, 0xee);
      }
    for (int n = 0; n < 4; ++n) {
      rows[n].v = _mm256_permute2f128_ps(quads[n].v, quads[n + 4].v, 0x20);
      rows[n + 4].v = _mm256_permute2f128_ps(quads[n].v, quads[n + 4].v, 0x31);
    }
  }
  // The estimate and one step of Newton's: half the time of a division, an error of at most 2^-22.
  friend Avx2 reciprocal(Avx2 a) {
    const __m256 guess = _mm256_rcp_ps(a.v);
    return {_mm256_mul_ps(guess, _mm256_fnmadd_ps(a.v, guess, _mm256_set1_ps(2)))};
  }
  // To the nearest bfloat16, ties to even; the carry goes into the exponent by itself.
  friend Avx2 rounded(Avx2 a) {
    const __m256i bits = _mm256_castps_si256(a.v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256 kept = _mm256_and_ps(_mm256_castsi256_ps(up), _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(0xffff0000))));
    return {_mm256_blendv_ps(kept, a.v, _mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q))};
  }
  friend Avx2 fma(Avx2 a, Avx2 b, Avx2 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
  // The instructions give their second operand when one is not a number: so it passes through.
  friend Avx2 clamp(Avx2 a, float low, float high) {
    return {_mm256_min_ps(_mm256_set1_ps(high), _mm256_max_ps(_mm256_set1_ps(low), a.v))};
  }
};

}  // namespace
