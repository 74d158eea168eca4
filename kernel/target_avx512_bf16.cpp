#if !defined(__AVX512BF16__)
#error "compile this target with AVX512_BF16"
#endif
#include "vec_avx512.h"
//
#include "all.inl"

extern const echoic::Kernels avx512_bf16_kernels;
const echoic::Kernels avx512_bf16_kernels{"avx512_bf16",
                                   echoic::cpu_has_avx512_bf16,
                                   &SequenceOf<Avx512>::table,
                                   nullptr,
                                   make_network<Avx512>,
                                   make_sample_tier<Avx512>,
                                   multiply_add<Avx512>};
