// The contract between the arithmetic and whoever calls it: plain pointers, row-major, batch first.
//
// B batch, T steps, I inputs, H hidden units, G gates (4 for LSTM in the order i f g o, 3 for GRU in the order r z n).
#pragma once
#include <cstddef>
#include <cstdint>

namespace echoic {

using Index = std::ptrdiff_t;  // sizes and distances, in numbers rather than bytes

enum class CellKind { lstm, gru };

// Which rows there are, and how they are read. Shared by the two directions of one pass.
struct Layout {
  Index batch, steps, inputs, hidden;
  const std::int64_t* lengths;  // [B], each 0..T, or nullptr: all rows have T steps
  bool reverse;                 // every row is read from its last step to its first
  Index blocks;                  // groups of rows that are worked on side by side; forward and backward must agree
  bool in_lanes;                 // vectors hold rows rather than units (lanes.inl): for small layers; both must agree
  bool rounded = false;          // operands of products are rounded to bfloat16, sums and all else are not; not in lanes
  Index layers = 1;              // L, each with H units over the hidden vectors of the one below; in lanes alone more than 1
};

template <class Real>
struct Weights {
  const Real* w_in;      // [G*H, I], in layers above the first [G*H, H]
  const Real* w_rec;     // [G*H, H]
  const Real* bias;      // [G*H]
  const Real* bias_rec;  // [H], inside the reset gate's product; GRU only
};

template <class Real>
struct Gradients {  // of the same shapes
  Real *w_in, *w_rec, *bias, *bias_rec;
};

template <class Real>
struct Forward {
  Layout layout;
  const Weights<Real>* weights;  // [L]
  const Real* x;   // [B, T, I]
  const Real* h0;  // [L, B, H]
  const Real* c0;  // [L, B, H], LSTM only
  Real* y;         // [B, T, H], of the last layer; steps beyond a row's length become zero
  Real* h_end;     // [L, B, H], the state after each row's own last step
  Real* c_end;     // [L, B, H], LSTM only
  Real* saved;     // what `backward` needs: `saved_size` numbers; or nullptr
};

template <class Real>
struct Backward {
  Layout layout;
  const Weights<Real>* weights;
  const Real* x;       // as in Forward
  const Real* h0;      // as in Forward
  const Real* c0;      // as in Forward
  const Real* y;       // what Forward gave
  const Real* saved;   // what Forward gave
  const Real* dy;      // [B, T, H], or nullptr: zero
  const Real* dh_end;  // [L, B, H], or nullptr: zero
  const Real* dc_end;  // the same; LSTM only
  Real* dx;            // [B, T, I], or nullptr
  Real* dh0;           // [L, B, H]
  Real* dc0;           // [L, B, H], LSTM only
  const Gradients<Real>* gradients;  // [L]
};

template <class Real>
struct Sequence {
  int width;                             // units in a group
  Index (*saved_size)(CellKind, const Layout&);  // numbers left for backward, at most
  void (*forward)(CellKind, const Forward<Real>&, int threads);
  void (*backward)(CellKind, const Backward<Real>&, int threads);
};

// How the weights of a live network are kept; sums are made in floats all the same.
// bf16: hidden vectors are rounded too on their way into a product, inputs are not.
// i8: a byte a weight and one scale for each row of the weight matrix.
enum class Storage { f32, f16, bf16, i8 };

// What a closed loop feeds back: the outputs as they are; for each value a draw from a normal distribution, whose mean
// and raw deviation (see `min_scale`) stand side by side; zeros and ones, from the log-odds of each; a draw from classes,
// each with its row of a table; or chords, whose notes a `ChordHead` draws one after the other.
enum class Distribution { point, gaussian, bernoulli, categorical, chord };

struct LiveLayer {
  CellKind kind;
  Index inputs, hidden;
  Weights<float> weights;
};

struct LiveNetwork {
  Index layer_count;
  const LiveLayer* layers;
  Index outputs;        // of a linear map on top, or 0: there is none, and the outputs are the hidden vectors
  const float* w_out;  // [outputs, H of the last layer]
  const float* b_out;  // [outputs]
  Storage storage;
  int threads;
};

// Steps of some of the streams whose states are the rows of one matrix, h then c of each layer, the lowest first.
struct LiveStep {
  Index rows;
  const std::int64_t* stream_ids;  // [rows], no row twice; or nullptr: the first ones
  float* states;              // [streams, state_size], replaced
  const float* x;             // [rows, steps, I]
  float* out;                 // [rows, steps, outputs]
  Index steps = 1;            // of each row
};

// Chords are sets of notes, drawn from the highest to the lowest until the end of the chord is drawn; each choice is a
// softmax over one hidden layer of what the outputs of the network say and of the notes before it.
struct ChordWeights {
  Index notes, per_pitch, hidden;  // per_pitch: notes of one pitch, at most one of which is in a chord
  const float* from_input;         // [notes, H]: what the chord before adds to the outputs; or nullptr: nothing
  const float* from_chosen;        // [notes, H]: of the notes chosen
  const float* from_last;          // [notes + 1, H]: of the last of them; the last row: none yet
  const float* w_logits;           // [notes + 1, H]; the last row: the end of the chord
  const float* b_logits;           // [notes + 1]
};

struct ChordDraw {
  Index rows;
  const float* context;  // [rows, H], rows `context_row` apart, filled up with zeros to whole vectors
  Index context_row;
  float temperature;      // divides the logits; 0: the best choice each time
  const float* uniforms;  // one for each choice, all first ones of the rows before the second ones; not read at 0
  float* chords;          // [rows, notes]: zeros and ones
  char* workspace;        // of `workspace_bytes`
};

class ChordHead {
 public:
  virtual ~ChordHead();
  virtual std::size_t workspace_bytes(Index rows) const = 0;
  // Adds to the outputs of a step what its input, the chord before, says.
  virtual void add_input(Index rows, const float* chords, float* context, Index context_row) const = 0;
  // The number of choices.
  virtual Index draw(const ChordDraw&) const = 0;
};

// Steps in which a network feeds itself.
struct LiveLoop {
  Index steps;
  Distribution distribution;
  float temperature;  // scales the distance of a draw from the mean, or divides logits and log-odds; 0: no draw
  float min_scale;    // a deviation is softplus(raw) + min_scale
  // [steps, rows, values]: standard normal, or uniform for classes and log-odds; for chords uniform, as many as there
  // are choices, at most [steps, rows, notes + 1]. Not read at temperature 0.
  const float* noise;
  const float* table;  // [classes, I], categorical only
  float* values;       // [steps, rows, values]: what was fed back; for classes their number
  const ChordHead* chords = nullptr;  // chord only
  Index* choices = nullptr;           // chord only: replaced by the number of choices
};

class Network {
 public:
  virtual ~Network();
  virtual void step(const LiveStep&) const = 0;
  // `step.out` holds the outputs that the first value is made of, and is replaced by those after the last step.
  virtual void loop(const LiveStep& step, const LiveLoop& loop) const = 0;
};

// The fast tier of raw audio (SampleRNN's, with the mixture of logistic distributions of PixelCNN++). Levels are mu-law
// levels; as numbers they lie evenly from -1 to 1.
constexpr Index max_components = 32;

// What the samples to come may have of the power given, against an even share: no less than this, and in these units.
constexpr float min_remaining = 1e-3f, remaining_unit = 4;

struct SampleWeights {
  Index past, hidden, components, num_codes;  // hidden: a multiple of the width of a group
  // [H, past + 2]: of the numbers of the samples before, the oldest first, of the predicted one, and of the power left.
  const float* w_first;
  const float* w_second;   // [H, H]
  const float* b_second;   // [H]
  const float* w_mixture;  // [3 * components, H]: weights as scores, means around the predicted, widths before softplus
  const float* b_mixture;  // [3 * components]
  float first_width;       // the unit of means and widths
};

struct SampleCall {
  Index rows, samples;
  const float* positions;      // [rows, samples, H]: the first layer's sums of what it sees besides, bias included
  const float* lpc_weights;  // [rows, past]: weights of linear prediction, of sound rather than numbers
  const float* history;      // [rows, past]: the numbers of the samples before the first one
  const float* power;       // [rows]: the mean square that the samples are to have
  const double* uniforms;     // [samples, rows], 0 up to 1: where in the distribution a draw is made
  float temperature, floor;
  float* codes;  // [rows, samples]: levels
  int threads;
};

class SampleTier {
 public:
  virtual ~SampleTier();
  virtual void sample(const SampleCall&) const = 0;
};

// One CPU target. `f64` is there for the scalar target only.
struct Kernels {
  const char* name;
  bool (*supported)();
  const Sequence<float>* f32;
  const Sequence<double>* f64;
  Network* (*network)(const LiveNetwork&);  // the caller deletes it
  SampleTier* (*sample_tier)(const SampleWeights&);  // the caller deletes it
  ChordHead* (*chord_head)(const ChordWeights&);     // the caller deletes it
  double (*multiply_add)(Index rounds, float* sink);  // operations done in registers; sink [width]
};

// The targets compiled in, best first.
extern const Kernels* const targets[];
extern const int target_count;

}  // namespace echoic
