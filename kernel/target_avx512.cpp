#include "vec_avx512.h"
//
#include "all.inl"

extern const echoic::Kernels avx512_kernels;
const echoic::Kernels avx512_kernels{"avx512",
                                   echoic::cpu_has_avx512,
                                   &SequenceOf<Avx512>::table,
                                   nullptr,
                                   make_network<Avx512>,
                                   make_sample_tier<Avx512>,
                                   make_chord_head<Avx512>,
                                   multiply_add<Avx512>};
