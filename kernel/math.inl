// tanh and the logistic function on `V`.
//
// Floats: x P(x^2) / Q(x^2) with both polynomials of degree 4, fitted for this project to the least largest relative
// error on [0, 9]. At 9.5 the ratio has passed 1 by more than rounding can take back, so that cutting there, and the
// result at 1, gives the limits exactly. Absolute and relative error of tanh at most 4e-7, absolute error of the
// logistic function at most 2e-7 (test/test_activations.h). Infinity gives the limits; not a number passes through.
#pragma once
#include <math.h>  // the plain functions of C: templates of C++ could be shared with code for other CPUs

namespace {

template <class V>
struct Ratio {
  V numerator, denominator;
};

// Numerator and denominator of scale * tanh(scale * x).
template <class V>
inline Ratio<V> tanh_ratio(V x, float scale) {
  const float s2 = scale * scale, s4 = s2 * s2, s6 = s4 * s2, s8 = s4 * s4;
  const V s = x * x;
  V p = fma(s, V::all(1.3354605e-08f * s8 * s2), V::all(2.0609039e-05f * s8));
  V q = fma(s, V::all(7.7765342e-07f * s8), V::all(3.2856303e-04f * s6));
  p = fma(p, s, V::all(3.4955855e-03f * s6));
  q = fma(q, s, V::all(2.5876971e-02f * s4));
  p = fma(p, s, V::all(1.3381024e-01f * s4));
  q = fma(q, s, V::all(4.6714339e-01f * s2));
  p = fma(p, s, V::all(s2));
  q = fma(q, s, V::all(1.0f));
  return {x * p, q};
}

template <class V>
inline V tanh_of(V x) {
  if constexpr (sizeof(typename V::Real) == 8) {
    return {tanh(x.v)};
  } else {
    const Ratio<V> r = tanh_ratio(clamp(x, -9.5f, 9.5f), 1.0f);
    return clamp(r.numerator * reciprocal(r.denominator), -1.0f, 1.0f);
  }
}

template <class V>
inline V logistic(V x) {
  using Real = typename V::Real;
  if constexpr (sizeof(Real) == 8) {
    return {1 / (1 + exp(-x.v))};
  } else {
    // (1 + tanh(x / 2)) / 2
    const Ratio<V> r = tanh_ratio(clamp(x, -19.0f, 19.0f), 0.5f);
    return clamp(fma(r.numerator, reciprocal(r.denominator), V::all(0.5f)), 0.0f, 1.0f);
  }
}

}  // namespace
