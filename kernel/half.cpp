#include "half.h"

#include <cmath>
#include <cstring>

namespace echoic {

float float_from_half(std::uint16_t half) {
  const int exponent = (half >> 10) & 31, mantissa = half & 1023;
  float value;
  if (exponent == 31)
    value = mantissa ? NAN : INFINITY;
  else if (exponent == 0)
    value = std::ldexp(static_cast<float>(mantissa), -24);
  else
    value = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  return half & 0x8000 ? -value : value;
}

std::uint16_t half_from_float(float value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const float size = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7e00;
  if (size >= 65520.0f) return sign | 0x7c00;
  if (size == 0) return sign;  // which has no exponent
  int exponent;
  std::frexp(size, &exponent);
  // The distance between neighbours there; below 2^-14 it no longer shrinks.
  const int step = (exponent > -13 ? exponent : -13) - 11;
  const int steps = static_cast<int>(std::nearbyint(std::ldexp(size, -step)));
  // Steps from 1024 on carry into the exponent by themselves.
  return sign | static_cast<std::uint16_t>(step == -24 ? steps : steps + ((step + 24) << 10));
}

Bfloat16 bfloat16_from_float(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  if (std::isnan(value)) return {static_cast<std::uint16_t>(bits >> 16 | 0x40)};  // rounding could make it infinite
  // Half of what is cut off, and a tie up only to even; the carry goes into the exponent by itself.
  return {static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

}  // namespace echoic
