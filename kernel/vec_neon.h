// Four floats at a time: NEON of 64-bit ARM, which every such CPU has.
#pragma once
#include <arm_neon.h>

#include <cstdint>
#include <cstring>

#include "half.h"

namespace {

struct Neon {
  using Real = float;
  static constexpr int width = 4;
  static constexpr int tile_rows = 6;  // 6 x 4 sums, 4 columns: of 32 registers
  float32x4_t v;

  static Neon load(const float* from) { return {vld1q_f32(from)}; }
  static Neon load_part(const float* from, int count) {
    float part[4] = {0, 0, 0, 0};
    for (int n = 0; n < count; ++n) part[n] = from[n];
    return {vld1q_f32(part)};
  }
  static Neon load(const std::uint16_t* half) { return {vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(half)))}; }
  static Neon load(const std::int8_t* byte) {
    std::int32_t four;
    std::memcpy(&four, byte, sizeof(four));
    const int16x8_t wide = vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four)));
    return {vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)))};
  }
  // Of two rows whose numbers are beside each other: the first number of each pair, and the second.
  static void load_pairs(const echoic::Bfloat16* from, Neon& first, Neon& second) {
    const uint32x4_t pairs = vreinterpretq_u32_u16(vld1q_u16(&from->bits));
    first.v = vreinterpretq_f32_u32(vshlq_n_u32(pairs, 16));
    second.v = vreinterpretq_f32_u32(vandq_u32(pairs, vdupq_n_u32(0xffff0000)));
  }
  static Neon all(float value) { return {vdupq_n_f32(value)}; }
  void store(float* to) const { vst1q_f32(to, v); }
  void store_part(float* to, int count) const {
    float part[4];
    vst1q_f32(part, v);
    for (int n = 0; n < count; ++n) to[n] = part[n];
  }
  friend Neon operator+(Neon a, Neon b) { return {vaddq_f32(a.v, b.v)}; }
  friend Neon operator-(Neon a, Neon b) { return {vsubq_f32(a.v, b.v)}; }
  friend Neon operator*(Neon a, Neon b) { return {vmulq_f32(a.v, b.v)}; }
  static void prefetch(const void* address) {
#if !defined(_MSC_VER)
    __builtin_prefetch(address);
#else
    static_cast<void>(address);
#endif
  }
  // Rows become columns.
  static void transpose(Neon (&rows)[4]) {
    const float32x4_t even01 = vtrn1q_f32(rows[0].v, rows[1].v), odd01 = vtrn2q_f32(rows[0].v, rows[1].v);
    const float32x4_t even23 = vtrn1q_f32(rows[2].v, rows[3].v), odd23 = vtrn2q_f32(rows[2].v, rows[3].v);
    rows[0].v = first_halves(even01, even23);
    rows[1].v = first_halves(odd01, odd23);
    rows[2].v = second_halves(even01, even23);
    rows[3].v = second_halves(odd01, odd23);
  }
  friend Neon reciprocal(Neon a) { return {vdivq_f32(vdupq_n_f32(1), a.v)}; }
  // To the nearest bfloat16, ties to even; the carry goes into the exponent by itself.
  friend Neon rounded(Neon a) {
    const uint32x4_t bits = vreinterpretq_u32_f32(a.v);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t up = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
    return {vbslq_f32(vceqq_f32(a.v, a.v), vreinterpretq_f32_u32(vandq_u32(up, vdupq_n_u32(0xffff0000))), a.v)};
  }
  friend Neon fma(Neon a, Neon b, Neon c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
  // The instructions give a number that is none if either operand is: so it passes through.
  friend Neon clamp(Neon a, float low, float high) {
    return {vminq_f32(vdupq_n_f32(high), vmaxq_f32(vdupq_n_f32(low), a.v))};
  }

 private:
  static float32x4_t first_halves(float32x4_t a, float32x4_t b) { return vcombine_f32(vget_low_f32(a), vget_low_f32(b)); }
  static float32x4_t second_halves(float32x4_t a, float32x4_t b) { return vcombine_f32(vget_high_f32(a), vget_high_f32(b)); }
};

}  // namespace
