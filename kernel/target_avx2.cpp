#include "vec_avx2.h"
//
#include "all.inl"

extern const echoic::Kernels avx2_kernels;
const echoic::Kernels avx2_kernels{"avx2",
                                   echoic::cpu_has_avx2_fma,
                                   &SequenceOf<Avx2>::table,
                                   nullptr,
                                   make_network<Avx2>,
                                   make_sample_tier<Avx2>,
                                   make_chord_head<Avx2>,
                                   multiply_add<Avx2>};
