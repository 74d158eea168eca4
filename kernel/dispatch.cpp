#include "kernels.h"

extern const echoic::Kernels scalar_kernels;
#ifdef ECHOIC_X86
extern const echoic::Kernels avx2_kernels;
extern const echoic::Kernels avx512_kernels;
#endif
#ifdef ECHOIC_AVX512_BF16
extern const echoic::Kernels avx512_bf16_kernels;
#endif
#ifdef ECHOIC_AMX
extern const echoic::Kernels amx_kernels;
#endif
#ifdef ECHOIC_ARM64
extern const echoic::Kernels neon_kernels;
#endif

namespace echoic {

const Kernels* const targets[] = {
#ifdef ECHOIC_AMX
    &amx_kernels,
#endif
#ifdef ECHOIC_AVX512_BF16
    &avx512_bf16_kernels,
#endif
#ifdef ECHOIC_X86
    &avx512_kernels,
    &avx2_kernels,
#endif
#ifdef ECHOIC_ARM64
    &neon_kernels,
#endif
    &scalar_kernels,
};
const int target_count = sizeof(targets) / sizeof(targets[0]);

}  // namespace echoic
