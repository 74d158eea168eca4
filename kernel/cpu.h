// What this CPU and its operating system support.
#pragma once

namespace echoic {
bool cpu_has_avx2_fma();
bool cpu_has_avx512();
}  // namespace echoic
