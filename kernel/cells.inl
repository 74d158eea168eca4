// What happens between the products of one step, for W units of several rows: the gates' own arithmetic.
//
// A row of a panel holds `slots` vectors of W numbers. Before `activate` they are the gates' sums; after it, what
// `differentiate` needs.
#pragma once

namespace {

template <class Real>
struct Activate {
  Index rows;
  Real* panel;         // [rows, slots * W]
  const Real* h;       // [rows], h_row apart: before the step
  Real* h_next;        // the same, after it
  Index h_row;
  Real* c;             // [rows, W]: the cell, replaced; LSTM only
};

template <class Real>
struct Differentiate {
  Index rows;
  const Real* panel;   // [rows, slots * W]
  const Real* h;       // before the step, h_row apart
  Index h_row;
  const Real* c_prev;  // before the step, c_row apart; LSTM only
  Index c_row;
  Real* dh;            // [rows], dh_row apart: in, the gradient of h after the step; see `starts_from_dh`
  Index dh_row;
  Real* dc;            // [rows, W]: the gradient of c after the step, replaced by that before it
  Real* dgates;        // [rows, grads * W]: out, the gradients of the gates' sums
  Real* dbias;         // [grads * W]: their sum over rows is added
};

// Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gates of Gers 1999).
template <class Vector>
struct Lstm {
  using V = Vector;
  using Real = typename V::Real;
  static constexpr int gates = 4;
  static constexpr int slots = 5;  // i f g o, and c after the step
  static constexpr int grads = 4;
  static constexpr int in_slot = 0, rec_slot = 0;
  static constexpr int in_order[] = {0, 1, 2, 3}, rec_order[] = {0, 1, 2, 3};
  static constexpr bool has_cell = true, has_inner_bias = false;
  static constexpr bool starts_from_dh = false;  // h feeds the next step through the gates alone

  static void activate(const Activate<Real>& a) {
    constexpr int W = V::width;
    for (Index row = 0; row < a.rows; ++row) {
      Real* s = a.panel + row * slots * W;
      Real* cell = a.c + row * W;
      const V i = logistic(V::load(s)), f = logistic(V::load(s + W));
      const V g = tanh_of(V::load(s + 2 * W)), o = logistic(V::load(s + 3 * W));
      const V c = fma(f, V::load(cell), i * g);
      (o * tanh_of(c)).store(a.h_next + row * a.h_row);
      c.store(cell);
      i.store(s);
      f.store(s + W);
      g.store(s + 2 * W);
      o.store(s + 3 * W);
      c.store(s + 4 * W);
    }
  }

  static void differentiate(const Differentiate<Real>& d) {
    constexpr int W = V::width;
    const V one = V::all(1);
    V sum_i = V::load(d.dbias), sum_f = V::load(d.dbias + W);
    V sum_g = V::load(d.dbias + 2 * W), sum_o = V::load(d.dbias + 3 * W);
    for (Index row = 0; row < d.rows; ++row) {
      const Real* s = d.panel + row * slots * W;
      const V i = V::load(s), f = V::load(s + W), g = V::load(s + 2 * W), o = V::load(s + 3 * W);
      const V tanh_c = tanh_of(V::load(s + 4 * W)), dh = V::load(d.dh + row * d.dh_row);
      const V dho = dh * o;
      const V dc = V::load(d.dc + row * W) + dho * (one - tanh_c * tanh_c);
      const V di = dc * g * i * (one - i);
      const V df = dc * V::load(d.c_prev + row * d.c_row) * f * (one - f);
      const V dg = dc * i * (one - g * g);
      const V d_o = dho * tanh_c * (one - o);
      (dc * f).store(d.dc + row * W);
      Real* to = d.dgates + row * grads * W;
      di.store(to);
      df.store(to + W);
      dg.store(to + 2 * W);
      d_o.store(to + 3 * W);
      sum_i = sum_i + di;
      sum_f = sum_f + df;
      sum_g = sum_g + dg;
      sum_o = sum_o + d_o;
    }
    sum_i.store(d.dbias);
    sum_f.store(d.dbias + W);
    sum_g.store(d.dbias + 2 * W);
    sum_o.store(d.dbias + 3 * W);
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
  static constexpr int grads = 4;
  static constexpr int in_slot = 0, rec_slot = 1;
  static constexpr int in_order[] = {2, 0, 1}, rec_order[] = {0, 1, 2};
  static constexpr bool has_cell = false, has_inner_bias = true;
  static constexpr bool starts_from_dh = true;  // `differentiate` leaves in dh what goes past the gates

  static void activate(const Activate<Real>& a) {
    constexpr int W = V::width;
    for (Index row = 0; row < a.rows; ++row) {
      Real* s = a.panel + row * slots * W;
      const V r = logistic(V::load(s + W)), z = logistic(V::load(s + 2 * W));
      const V n = tanh_of(fma(r, V::load(s + 3 * W), V::load(s)));
      fma(z, V::load(a.h + row * a.h_row) - n, n).store(a.h_next + row * a.h_row);
      n.store(s);
      r.store(s + W);
      z.store(s + 2 * W);
    }
  }

  static void differentiate(const Differentiate<Real>& d) {
    constexpr int W = V::width;
    const V one = V::all(1);
    V sum_n = V::load(d.dbias), sum_r = V::load(d.dbias + W);
    V sum_z = V::load(d.dbias + 2 * W), sum_q = V::load(d.dbias + 3 * W);
    for (Index row = 0; row < d.rows; ++row) {
      const Real* s = d.panel + row * slots * W;
      const V n = V::load(s), r = V::load(s + W), z = V::load(s + 2 * W), q = V::load(s + 3 * W);
      const V dh = V::load(d.dh + row * d.dh_row);
      const V dn = dh * (one - z) * (one - n * n);
      const V dz = dh * (V::load(d.h + row * d.h_row) - n) * z * (one - z);
      const V dr = dn * q * r * (one - r);
      const V dq = dn * r;
      (dh * z).store(d.dh + row * d.dh_row);
      Real* to = d.dgates + row * grads * W;
      dn.store(to);
      dr.store(to + W);
      dz.store(to + 2 * W);
      dq.store(to + 3 * W);
      sum_n = sum_n + dn;
      sum_r = sum_r + dr;
      sum_z = sum_z + dz;
      sum_q = sum_q + dq;
    }
    sum_n.store(d.dbias);
    sum_r.store(d.dbias + W);
    sum_z.store(d.dbias + 2 * W);
    sum_q.store(d.dbias + 3 * W);
  }
};

}  // namespace
