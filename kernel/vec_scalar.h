// One number at a time: the same operations as the vector targets, on any CPU.
#pragma once
#include <cstdint>
#include <cstring>

#include "half.h"

namespace {

template <class Number>
struct Scalar {
  using Real = Number;
  static constexpr int width = 1;
  static constexpr int tile_rows = 3;
  Number v;

  static Scalar load(const Number* from) { return {*from}; }
  static Scalar load_part(const Number* from, int) { return {*from}; }
  static Scalar load(const std::uint16_t* half) { return {Number(echoic::float_from_half(*half))}; }
  static Scalar load(const std::int8_t* byte) { return {Number(*byte)}; }
  // Of two rows whose numbers are beside each other: the first number of each pair, and the second.
  static void load_pairs(const echoic::Bfloat16* from, Scalar& first, Scalar& second) {
    first.v = number(from[0]), second.v = number(from[1]);
  }
  static Scalar all(Number value) { return {value}; }
  void store(Number* to) const { *to = v; }
  void store_part(Number* to, int) const { *to = v; }
  friend Scalar operator+(Scalar a, Scalar b) { return {a.v + b.v}; }
  friend Scalar operator-(Scalar a, Scalar b) { return {a.v - b.v}; }
  friend Scalar operator*(Scalar a, Scalar b) { return {a.v * b.v}; }
  friend Scalar fma(Scalar a, Scalar b, Scalar c) { return {a.v * b.v + c.v}; }
  static void transpose(Scalar (&)[1]) {}
  // To the nearest bfloat16.
  friend Scalar rounded(Scalar a) { return {Number(number(echoic::bfloat16_from_float(static_cast<float>(a.v))))}; }
  static void prefetch(const void*) {}
  friend Scalar reciprocal(Scalar a) { return {1 / a.v}; }
  // Not a number passes through.
  friend Scalar clamp(Scalar a, Number low, Number high) { return {a.v < low ? low : (a.v > high ? high : a.v)}; }

 private:
  static Number number(echoic::Bfloat16 from) {
    const std::uint32_t bits = static_cast<std::uint32_t>(from.bits) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
};

}  // namespace
