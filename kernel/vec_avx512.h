// Sixteen floats at a time: AVX-512F, and with AVX512_BF16 its products of bfloat16.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "half.h"

#if !defined(__AVX512F__)
#error "compile this target with AVX-512F"
#endif

namespace {

struct Avx512 {
  using Real = float;
  static constexpr int width = 16;
  static constexpr int tile_rows = 6;  // 6 x 4 sums, 4 columns: 32 registers
  __m512 v;

  static __mmask16 first(int count) { return static_cast<__mmask16>((1U << count) - 1U); }
  static Avx512 load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static Avx512 load_part(const float* from, int count) { return {_mm512_maskz_loadu_ps(first(count), from)}; }
  static Avx512 load(const std::uint16_t* half) {
    return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(half)))};
  }
  static Avx512 load(const std::int8_t* byte) {
    return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(byte))))};
  }
  // Of two rows whose numbers are beside each other: the first number of each pair, and the second.
  static void load_pairs(const echoic::Bfloat16* from, Avx512& first, Avx512& second) {
    const __m512i pairs = _mm512_loadu_si512(from);
    first.v = _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
    second.v = _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000))));
  }
  static Avx512 all(float value) { return {_mm512_set1_ps(value)}; }
  void store(float* to) const { _mm512_storeu_ps(to, v); }
  void store_part(float* to, int count) const { _mm512_mask_storeu_ps(to, first(count), v); }
  friend Avx512 operator+(Avx512 a, Avx512 b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend Avx512 operator-(Avx512 a, Avx512 b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend Avx512 operator*(Avx512 a, Avx512 b) { return {_mm512_mul_ps(a.v, b.v)}; }
  // Rows become columns.
  static void transpose(Avx512 (&rows)[16]) {
    Avx512 pairs[16];
    for (int n = 0; n < 16; n += 2) {
      pairs[n].v = _mm512_unpacklo_ps(rows[n].v, rows[n + 1].v);
      pairs[n + 1].v = _mm512_unpackhi_ps(rows[n].v, rows[n + 1].v);
    }
    Avx512 quads[16];  // number 4 * m + k: columns k, k + 4, k + 8, k + 12 of rows 4 * m to 4 * m + 3
    for (int n = 0; n < 16; n += 4)
      for (int half = 0; half < 2; ++half) {
        quads[n + 2 * half].v = _mm512_shuffle_ps(pairs[n + half].v, pairs[n + half + 2].v, 0x44);
        quads[n + 2 * half + 1].v = _mm512_shuffle_ps(pairs[n + half].v, pairs[n + half + 2].v, 0xee);
      }
    for (int k = 0; k < 4; ++k) {
      const __m512 even_low = _mm512_shuffle_f32x4(quads[k].v, quads[k + 4].v, 0x88);
      const __m512 odd_low = _mm512_shuffle_f32x4(quads[k].v, quads[k + 4].v, 0xdd);
      const __m512 even_high = _mm512_shuffle_f32x4(quads[k + 8].v, quads[k + 12].v, 0x88);
      const __m512 odd_high = _mm512_shuffle_f32x4(quads[k + 8].v, quads[k + 12].v, 0xdd);
      rows[k].v = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
      rows[k + 4].v = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
      rows[k + 8].v = _mm512_shuffle_f32x4(even_low, even_high, 0xdd);
      rows[k + 12].v = _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd);
    }
  }
  static void prefetch(const void* address) { _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0); }
  // The estimate and one step of Newton's: half the time of a division, an error of at most 2^-23.
  friend Avx512 reciprocal(Avx512 a) {
    const __m512 guess = _mm512_rcp14_ps(a.v);
    return {_mm512_mul_ps(guess, _mm512_fnmadd_ps(a.v, guess, _mm512_set1_ps(2)))};
  }
#if defined(__AVX512BF16__)
  static __m512bh load_pairs(const echoic::Bfloat16Pair* from) { return as_pairs(_mm512_loadu_si512(from)); }
  static __m512bh all_pairs(echoic::Bfloat16Pair pair) { return as_pairs(_mm512_set1_epi32(static_cast<int>(pair.bits))); }
  static Avx512 add_pairs(__m512bh a, __m512bh b, Avx512 sum) { return {_mm512_dpbf16_ps(sum.v, a, b)}; }
  // Numbers beside each other make a pair.
  static void store_rounded(Avx512 a, echoic::Bfloat16Pair* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), halves(a));
  }
  // Numbers of the same lane make a pair.
  static void store_pairs(Avx512 first, Avx512 second, echoic::Bfloat16Pair* to) { _mm512_storeu_ps(to, pairs(first, second).v); }
  // The same as bits of floats.
  static Avx512 pairs(Avx512 first, Avx512 second) {
    const __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(halves(second)), 16);
    return {_mm512_castsi512_ps(_mm512_or_si512(_mm512_cvtepu16_epi32(halves(first)), high))};
  }
#endif
  // To the nearest bfloat16, ties to even; the carry goes into the exponent by itself.
  friend Avx512 rounded(Avx512 a) {
    const __m512i bits = _mm512_castps_si512(a.v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __m512i kept = _mm512_and_si512(up, _mm512_set1_epi32(static_cast<int>(0xffff0000)));
    return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q), _mm512_castsi512_ps(kept), a.v)};
  }
  friend Avx512 fma(Avx512 a, Avx512 b, Avx512 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  // The instructions give their second operand when one is not a number: so it passes through.
  friend Avx512 clamp(Avx512 a, float low, float high) {
    return {_mm512_min_ps(_mm512_set1_ps(high), _mm512_max_ps(_mm512_set1_ps(low), a.v))};
  }

#if defined(__AVX512BF16__)
 private:
  static __m512bh as_pairs(__m512i bits) { return reinterpret_cast<__m512bh&>(bits); }
  static __m256i halves(Avx512 a) {
    const __m256bh rounded = _mm512_cvtneps_pbh(a.v);
    return reinterpret_cast<const __m256i&>(rounded);
  }
#endif
};

}  // namespace
