// A step between its products, for W units of several rows.
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

template <class Cell>
void activate(const Activate<typename Cell::Real>& a) {
  using V = typename Cell::V;
  constexpr int W = V::width;
  for (Index row = 0; row < a.rows; ++row) {
    typename Cell::Real* panel = a.panel + row * Cell::slots * W;
    typename Cell::Real* cell = a.c + row * W;
    V s[Cell::all_values];
    for (int slot = 0; slot < 4; ++slot) s[slot] = V::load(panel + slot * W);
    Cell::activate(s, V::load(Cell::has_cell ? cell : a.h + row * a.h_row)).store(a.h_next + row * a.h_row);
    for (int slot = 0; slot < Cell::slots; ++slot) s[slot].store(panel + slot * W);
    if constexpr (Cell::has_cell) s[4].store(cell);
  }
}

template <class Cell>
void differentiate(const Differentiate<typename Cell::Real>& d) {
  using V = typename Cell::V;
  constexpr int W = V::width;
  V sum[Cell::grads];
  for (int slot = 0; slot < Cell::grads; ++slot) sum[slot] = V::load(d.dbias + slot * W);
  for (Index row = 0; row < d.rows; ++row) {
    const typename Cell::Real* panel = d.panel + row * Cell::slots * W;
    V s[Cell::all_values], grad[Cell::grads];
    for (int slot = 0; slot < Cell::slots; ++slot) s[slot] = V::load(panel + slot * W);
    Cell::complete(s);
    V dh = V::load(d.dh + row * d.dh_row), dc = V::load(d.dc + row * W);
    Cell::differentiate(s, V::load(Cell::has_cell ? d.c_prev + row * d.c_row : d.h + row * d.h_row), dh, dc, grad);
    if constexpr (Cell::has_cell) dc.store(d.dc + row * W);
    if constexpr (Cell::starts_from_dh) dh.store(d.dh + row * d.dh_row);
    for (int slot = 0; slot < Cell::grads; ++slot) {
      grad[slot].store(d.dgates + (row * Cell::grads + slot) * W);
      sum[slot] = sum[slot] + grad[slot];
    }
  }
  for (int slot = 0; slot < Cell::grads; ++slot) sum[slot].store(d.dbias + slot * W);
}

}  // namespace
