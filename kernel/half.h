// Floats of 16 bits, for CPUs and compilers that do not know them: halves (IEEE 754 binary16) and the first half of a float.
#pragma once
#include <cstdint>

namespace echoic {
float float_from_half(std::uint16_t half);
std::uint16_t half_from_float(float value);  // to the nearest, ties to even; too large becomes infinity

// The sign, exponent and first 7 bits of a float.
struct Bfloat16 {
  std::uint16_t bits;
};
// Two of them, the first one in the lower half.
struct Bfloat16Pair {
  std::uint32_t bits;
};
Bfloat16 bfloat16_from_float(float value);  // to the nearest, ties to even; too large becomes infinity
}  // namespace echoic
