// What this CPU and its operating system support.
#pragma once

namespace echoic {
bool cpu_has_avx2_fma();
bool cpu_has_avx512();
bool cpu_has_avx512_bf16();
}  // namespace echoic
