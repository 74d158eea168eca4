// What this CPU and its operating system support.
#pragma once

namespace echoic {
bool cpu_has_avx2_fma();
bool cpu_has_avx512();
bool cpu_has_avx512_bf16();
bool cpu_has_amx_bf16();  // for programs that ask the system for its tiles
bool tiles_are_permitted();  // asks the system for them, once, where the CPU has them
}  // namespace echoic
