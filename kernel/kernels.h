// The contract between the arithmetic and whoever calls it: plain pointers, row-major, batch first.
//
// B batch, T steps, I inputs, H hidden units, G gates (4 for LSTM in the order i f g o, 3 for GRU in the order r z n).
#pragma once
#include <cstdint>

namespace echoic {

enum class CellKind { lstm, gru };

// Which rows there are, and how they are read. Shared by the two directions of one pass.
struct Layout {
  long batch, steps, inputs, hidden;
  const std::int64_t* lengths;  // [B], each 0..T, or nullptr: all rows have T steps
  bool reverse;                 // every row is read from its last step to its first
  long blocks;                  // groups of rows that are worked on side by side; forward and backward must agree
};

template <class Real>
struct Weights {
  const Real* w_in;      // [G*H, I]
  const Real* w_rec;     // [G*H, H]
  const Real* bias;      // [G*H]
  const Real* bias_rec;  // [H], inside the reset gate's product; GRU only
};

template <class Real>
struct Forward {
  Layout layout;
  Weights<Real> weights;
  const Real* x;   // [B, T, I]
  const Real* h0;  // [B, H]
  const Real* c0;  // [B, H], LSTM only
  Real* y;         // [B, T, H]; steps beyond a row's length become zero
  Real* h_end;     // [B, H], the state after each row's own last step
  Real* c_end;     // [B, H], LSTM only
  Real* saved;     // what `backward` needs: `saved_size` numbers; or nullptr
};

template <class Real>
struct Backward {
  Layout layout;
  Weights<Real> weights;
  const Real* x;       // as in Forward
  const Real* h0;      // as in Forward
  const Real* c0;      // as in Forward
  const Real* y;       // what Forward gave
  const Real* saved;   // what Forward gave
  const Real* dy;      // [B, T, H], or nullptr: zero
  const Real* dh_end;  // [B, H], or nullptr: zero
  const Real* dc_end;  // the same; LSTM only
  Real* dx;            // [B, T, I], or nullptr
  Real* dh0;           // [B, H]
  Real* dc0;           // [B, H], LSTM only
  Real* dw_in;         // [G*H, I]
  Real* dw_rec;        // [G*H, H]
  Real* dbias;         // [G*H]
  Real* dbias_rec;     // [H], GRU only
};

template <class Real>
struct Sequence {
  int width;                             // units in a group
  long (*saved_size)(CellKind, long rows, long hidden);  // numbers that `rows` row steps leave for backward
  void (*forward)(CellKind, const Forward<Real>&, int threads);
  void (*backward)(CellKind, const Backward<Real>&, int threads);
};

// One CPU target. `f64` is there for the scalar target only.
struct Kernels {
  const char* name;
  bool (*supported)();
  const Sequence<float>* f32;
  const Sequence<double>* f64;
};

// The targets compiled in, best first.
extern const Kernels* const targets[];
extern const int target_count;

}  // namespace echoic
