// Floats of 16 bits (IEEE 754 binary16), for CPUs and compilers that do not know them.
#pragma once
#include <cstdint>

namespace echoic {
float float_from_half(std::uint16_t half);
std::uint16_t half_from_float(float value);  // to the nearest, ties to even; too large becomes infinity
}  // namespace echoic
