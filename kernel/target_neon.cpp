#include "vec_neon.h"
//
#include "all.inl"

static bool on_every_such_cpu() { return true; }

extern const echoic::Kernels neon_kernels;
const echoic::Kernels neon_kernels{"neon",
                                   on_every_such_cpu,
                                   &SequenceOf<Neon>::table,
                                   nullptr,
                                   make_network<Neon>,
                                   make_sample_tier<Neon>,
                                   make_chord_head<Neon>,
                                   multiply_add<Neon>};
