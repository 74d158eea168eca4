// The arithmetic of W values of the gates between the products of one step. It does not know what the W lanes are: units of
// a row (units.inl), or rows of a unit (lanes.inl).
#pragma once

namespace {

// Which rows of the weights (`slots` blocks of them) see which of a step's inputs: x, 1 for the bias, and h.
struct Window {
  int slot, slots;
  bool sees_x, sees_h;
};

// Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gates of Gers 1999).
template <class Vector>
struct Lstm {
  using V = Vector;
  using Real = typename V::Real;
  static constexpr int gates = 4;
  static constexpr int slots = 5;       // i f g o, and c after the step
  static constexpr int all_values = 6;  // and its tanh
  static constexpr int derived = 3;     // numbers of a unit that `derive` makes, h the last one
  static constexpr int grads = 4;
  static constexpr int in_slot = 0, rec_slot = 0;
  static constexpr int in_order[] = {0, 1, 2, 3}, rec_order[] = {0, 1, 2, 3};
  static constexpr Window windows[] = {{0, 4, true, true}};
  static constexpr bool has_cell = true, has_inner_bias = false;
  static constexpr bool starts_from_dh = false;  // h feeds the next step through the gates alone

  // Replaces the gates' sums in `s` by all values of the step; gives h after it. `before` is c.
  static V activate(V (&s)[all_values], V before) {
    s[0] = logistic(s[0]);
    s[1] = logistic(s[1]);
    s[2] = tanh_of(s[2]);
    s[3] = logistic(s[3]);
    V made[derived];
    derive(s, before, made);
    s[4] = made[0];
    s[5] = made[1];
    return made[2];
  }

  // What follows from the gates and from c before the step: c after it, its tanh, and h.
  static void derive(const V (&s)[all_values], V before, V (&made)[derived]) {
    made[0] = fma(s[1], before, s[0] * s[2]);
    made[1] = tanh_of(made[0]);
    made[2] = s[3] * made[1];
  }

  // The values that only the first `slots` were kept of.
  static void complete(V (&s)[all_values]) { s[5] = tanh_of(s[4]); }

  // The gradients `d` of the gates' sums, from those of h and c after the step; `dc` becomes that of c before it.
  static void differentiate(const V (&s)[all_values], V before, V& dh, V& dc, V (&d)[grads]) {
    const V one = V::all(1);
    const V i = s[0], f = s[1], g = s[2], o = s[3], tanh_c = s[5];
    const V dho = dh * o;
    dc = dc + dho * (one - tanh_c * tanh_c);
    d[0] = dc * g * i * (one - i);
    d[1] = dc * before * f * (one - f);
    d[2] = dc * i * (one - g * g);
    d[3] = dho * tanh_c * (one - o);
    dc = dc * f;
  }
};

// The gated recurrent unit (Cho 2014) in torch's variant: the reset gate scales the recurrent product.
// Slots n r z q, where q is that product of the new value: the input feeds the first three, h the last three.
template <class Vector>
struct Gru {
  using V = Vector;
  using Real = typename V::Real;
  static constexpr int gates = 3;
  static constexpr int slots = 4;
  static constexpr int all_values = 4;
  static constexpr int derived = 1;
  static constexpr int grads = 4;
  static constexpr int in_slot = 0, rec_slot = 1;
  static constexpr int in_order[] = {2, 0, 1}, rec_order[] = {0, 1, 2};
  static constexpr Window windows[] = {{0, 1, true, false}, {1, 2, true, true}, {3, 1, false, true}};
  static constexpr bool has_cell = false, has_inner_bias = true;
  static constexpr bool starts_from_dh = true;  // `differentiate` leaves in dh what goes past the gates

  // `before` is h.
  static V activate(V (&s)[all_values], V before) {
    s[1] = logistic(s[1]);
    s[2] = logistic(s[2]);
    s[0] = tanh_of(fma(s[1], s[3], s[0]));
    V made[derived];
    derive(s, before, made);
    return made[0];
  }

  // What follows from the gates and from h before the step: h after it.
  static void derive(const V (&s)[all_values], V before, V (&made)[derived]) {
    made[0] = fma(s[2], before - s[0], s[0]);
  }

  static void complete(V (&)[all_values]) {}

  static void differentiate(const V (&s)[all_values], V before, V& dh, V&, V (&d)[grads]) {
    const V one = V::all(1);
    const V n = s[0], r = s[1], z = s[2], q = s[3];
    d[0] = dh * (one - z) * (one - n * n);
    d[2] = dh * (before - n) * z * (one - z);
    d[1] = d[0] * q * r * (one - r);
    d[3] = d[0] * r;
    dh = dh * z;
  }
};

}  // namespace
