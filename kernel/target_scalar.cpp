// Plain C++: runs anywhere, and computes in double precision too.
#include "vec_scalar.h"
//
#include "all.inl"

static bool always() { return true; }

extern const echoic::Kernels scalar_kernels;
const echoic::Kernels scalar_kernels{"scalar",
                                     always,
                                     &SequenceOf<Scalar<float>>::table,
                                     &SequenceOf<Scalar<double>>::table,
                                     make_network<Scalar<float>>,
                                     make_sample_tier<Scalar<float>>,
                                     make_chord_head<Scalar<float>>,
                                     multiply_add<Scalar<float>>};
