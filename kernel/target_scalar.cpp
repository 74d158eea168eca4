// Plain C++: runs anywhere, and computes in double precision too.
#include "half.h"
#include "plan.h"
#include "vec_scalar.h"
//
#include "math.inl"
#include "product.inl"
#include "cells.inl"
#include "pack.inl"
#include "sequence.inl"
#include "live.inl"
#include "peak.inl"

static bool always() { return true; }

extern const echoic::Kernels scalar_kernels;
const echoic::Kernels scalar_kernels{"scalar", always, &SequenceOf<Scalar<float>>::table,
                                     &SequenceOf<Scalar<double>>::table, make_network<Scalar<float>>,
                                     multiply_add<Scalar<float>>};
