// The only file that knows Python. Arrays come as addresses: echoic.ops, the one caller, has checked shape, type and
// contiguity, and a step costs less than it takes to unwrap an array.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.h"

namespace nb = nanobind;
using echoic::CellKind;
using echoic::Distribution;
using echoic::Index;
using echoic::Kernels;

namespace {

// Asked once: in a virtual machine, asking the CPU costs as much as a small layer.
const std::vector<const Kernels*>& supported() {
  static const std::vector<const Kernels*> found = [] {
    std::vector<const Kernels*> list;
    for (int i = 0; i < echoic::target_count; ++i)
      if (echoic::targets[i]->supported()) list.push_back(echoic::targets[i]);
    return list;
  }();
  return found;
}

const Kernels& find(const std::string& name) {
  for (const Kernels* kernels : supported())
    if (kernels->name == name) return *kernels;
  throw std::invalid_argument("no target " + name);
}

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Kernels* kernels : supported()) names.push_back(kernels->name);
  return names;
}

template <class Real>
const echoic::Sequence<Real>& sequence_of(const Kernels& kernels) {
  if constexpr (sizeof(Real) == 8) {
    if (!kernels.f64) throw std::invalid_argument(std::string(kernels.name) + " has no double precision");
    return *kernels.f64;
  } else {
    return *kernels.f32;
  }
}

template <class Real>
Real* pointer(std::uintptr_t address) {
  return reinterpret_cast<Real*>(address);
}

using Address = std::uintptr_t;
using Dimensions = std::vector<Index>;   // batch, steps, inputs, hidden, reverse, blocks, in_lanes, rounded, layers
using Addresses = std::vector<Address>;  // in the order of the structs in kernels.h; weights, then gradients, come last

echoic::Layout layout_of(const Dimensions& d, Address lengths) {
  return {d.at(0), d.at(1), d.at(2), d.at(3), pointer<const std::int64_t>(lengths), d.at(4) != 0, d.at(5), d.at(6) != 0,
          d.at(7) != 0, d.at(8)};
}

// Four addresses for each layer, from number `first` on.
template <class Four, class Real>
std::vector<Four> of_layers(const echoic::Layout& layout, const Addresses& a, std::size_t first) {
  std::vector<Four> made;
  for (std::size_t n = first; n < first + 4 * layout.layers; n += 4)
    made.push_back({pointer<Real>(a.at(n)), pointer<Real>(a.at(n + 1)), pointer<Real>(a.at(n + 2)), pointer<Real>(a.at(n + 3))});
  return made;
}

template <class Real>
void forward(const Kernels& kernels, CellKind kind, const Dimensions& d, Address lengths, const Addresses& a,
             int threads) {
  const echoic::Layout layout = layout_of(d, lengths);
  const auto weights = of_layers<echoic::Weights<Real>, Real>(layout, a, 7);
  const echoic::Forward<Real> call{layout, weights.data(),
                                   pointer<Real>(a.at(0)), pointer<Real>(a.at(1)), pointer<Real>(a.at(2)), pointer<Real>(a.at(3)),
                                   pointer<Real>(a.at(4)), pointer<Real>(a.at(5)), pointer<Real>(a.at(6))};
  sequence_of<Real>(kernels).forward(kind, call, threads);
}

template <class Real>
void backward(const Kernels& kernels, CellKind kind, const Dimensions& d, Address lengths, const Addresses& a,
              int threads) {
  const echoic::Layout layout = layout_of(d, lengths);
  const auto weights = of_layers<echoic::Weights<Real>, Real>(layout, a, 11);
  const auto gradients = of_layers<echoic::Gradients<Real>, Real>(layout, a, 11 + 4 * weights.size());
  const echoic::Backward<Real> call{layout, weights.data(),
                                    pointer<Real>(a.at(0)), pointer<Real>(a.at(1)), pointer<Real>(a.at(2)), pointer<Real>(a.at(3)),
                                    pointer<Real>(a.at(4)), pointer<Real>(a.at(5)), pointer<Real>(a.at(6)), pointer<Real>(a.at(7)),
                                    pointer<Real>(a.at(8)), pointer<Real>(a.at(9)), pointer<Real>(a.at(10)), gradients.data()};
  sequence_of<Real>(kernels).backward(kind, call, threads);
}

// Billions of operations a second that one core does in registers, over about a tenth of a second.
double peak_gflops(const std::string& target) {
  const Kernels& kernels = find(target);
  std::vector<float> sink(kernels.f32->width);
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  double operations = 0, seconds = 0;
  while (seconds < 0.1) {
    operations += kernels.multiply_add(100000, sink.data());
    seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  return operations / seconds / 1e9;
}

CellKind kind_of(const std::string& cell) {
  if (cell == "lstm") return CellKind::lstm;
  if (cell == "gru") return CellKind::gru;
  throw std::invalid_argument("no cell " + cell);
}

// Arrays of a live network: NumPy's, or any other's that speaks DLPack. They are checked, and never copied.
using Vector = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Matrix = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Input = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Block = nb::ndarray<float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Steps = nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Noise = Steps;
using Rows = nb::ndarray<const std::int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void expect(bool holds, const char* message) {
  if (!holds) throw std::invalid_argument(message);
}

// One step between arrays that are checked once: in a small network the checks of a call take longer than the step.
class BoundStep {
 public:
  BoundStep(const echoic::Network& network, const echoic::LiveStep& step, bool is_long, Input x, Matrix states, Matrix out)
      : network_(network), step_(step), is_long_(is_long), x_(x), states_(states), out_(out) {}

  // `numbers` are inputs in place of those of x.
  void operator()(nb::args numbers) const {
    echoic::LiveStep step = step_;
    float few[16];
    std::vector<float> many;
    if (const std::size_t count = numbers.size()) {
      expect(count == x_.size(), "a step takes no numbers, or as many as x has");
      if (count > std::size(few)) many.resize(count);
      float* given = count > std::size(few) ? many.data() : few;
      for (std::size_t n = 0; n < count; ++n) {
        given[n] = static_cast<float>(PyFloat_AsDouble(numbers[n].ptr()));
        if (given[n] == -1 && PyErr_Occurred()) throw nb::python_error();
      }
      step.x = given;
    }
    std::optional<nb::gil_scoped_release> release;
    if (is_long_) release.emplace();
    network_.step(step);
  }

 private:
  const echoic::Network& network_;
  echoic::LiveStep step_;
  bool is_long_;
  Input x_;  // the arrays stay in memory
  Matrix states_, out_;
};

// Multiplications of a step from which on other threads run beside it; to let them costs about 0.1 us.
constexpr Index long_step = 1 << 16;

class ChordHead {
 public:
  ChordHead(const std::string& target, Index notes, Index per_pitch, Index hidden, const Addresses& a)
      : notes_(notes), hidden_(hidden),
        head_(find(target).chord_head({notes, per_pitch, hidden, pointer<const float>(a.at(0)), pointer<const float>(a.at(1)),
                                       pointer<const float>(a.at(2)), pointer<const float>(a.at(3)),
                                       pointer<const float>(a.at(4))})) {}

  Index notes() const { return notes_; }
  Index hidden() const { return hidden_; }
  const echoic::ChordHead& head() const { return *head_; }

 private:
  Index notes_, hidden_;
  std::unique_ptr<echoic::ChordHead> head_;
};

Distribution distribution_of(const std::string& name) {
  return name == "gaussian"      ? Distribution::gaussian
         : name == "bernoulli"   ? Distribution::bernoulli
         : name == "categorical" ? Distribution::categorical
         : name == "chord"       ? Distribution::chord
                                 : Distribution::point;
}

class Live {
 public:
  Live(const std::string& target, const std::vector<std::string>& cells, const std::vector<Index>& sizes,
       const Addresses& weights, Index outputs, Address w_out, Address b_out, const std::string& storage, int threads)
      : inputs_(sizes.at(0)), outputs_(outputs ? outputs : sizes.back()) {
    std::vector<echoic::LiveLayer> layers;
    for (std::size_t n = 0; n < cells.size(); ++n) {
      const CellKind kind = kind_of(cells[n]);
      layers.push_back({kind, sizes.at(n), sizes.at(n + 1),
                        {pointer<const float>(weights.at(4 * n)), pointer<const float>(weights.at(4 * n + 1)),
                         pointer<const float>(weights.at(4 * n + 2)), pointer<const float>(weights.at(4 * n + 3))}});
      state_size_ += sizes.at(n + 1) * (kind == CellKind::lstm ? 2 : 1);
      num_weights_ += sizes.at(n + 1) * (sizes.at(n) + sizes.at(n + 1)) * (kind == CellKind::lstm ? 4 : 3);
    }
    num_weights_ += outputs * sizes.back();
    const auto kept = storage == "float16"    ? echoic::Storage::f16
                      : storage == "bfloat16" ? echoic::Storage::bf16
                      : storage == "int8"     ? echoic::Storage::i8
                                              : echoic::Storage::f32;
    network_.reset(find(target).network({static_cast<Index>(layers.size()), layers.data(), outputs,
                                         pointer<const float>(w_out), pointer<const float>(b_out), kept, threads}));
  }

  void step(Input x, Matrix states, Matrix out, std::optional<Rows> stream_ids) const {
    const echoic::LiveStep step = checked(x.shape(0), x.data(), states, out, stream_ids);
    expect(static_cast<Index>(x.shape(1)) == inputs_, "x must have a column for each input");
    nb::gil_scoped_release release;
    network_->step(step);
  }

  BoundStep bind(Input x, Matrix states, Matrix out) const {
    const echoic::LiveStep step = checked(x.shape(0), x.data(), states, out, std::nullopt);
    expect(static_cast<Index>(x.shape(1)) == inputs_, "x must have a column for each input");
    return {*network_, step, step.rows * num_weights_ >= long_step, x, states, out};
  }

  void push(Steps x, Matrix states, Block out) const {
    const std::size_t rows = x.shape(0), steps = x.shape(1);
    expect(static_cast<Index>(x.shape(2)) == inputs_, "x must have a column for each input");
    expect(static_cast<Index>(states.shape(1)) == state_size_ && states.shape(0) == rows, "states must be (rows, state_size)");
    expect(out.shape(0) == rows && out.shape(1) == steps && static_cast<Index>(out.shape(2)) == outputs_,
           "out must be (rows, steps, outputs)");
    const echoic::LiveStep all{static_cast<Index>(rows), nullptr, states.data(), x.data(), out.data(), static_cast<Index>(steps)};
    nb::gil_scoped_release release;
    network_->step(all);
  }

  // The number of choices that chords took; 0 for all else.
  Index loop(Matrix states, Matrix out, std::optional<Rows> stream_ids, Block values, const std::string& distribution,
             float temperature, float min_scale, std::optional<Noise> noise, std::optional<Input> table,
             const ChordHead* chords) const {
    const echoic::LiveStep step = checked(out.shape(0), nullptr, states, out, stream_ids);
    const Distribution kind = distribution_of(distribution);
    const bool is_class = kind == Distribution::categorical, is_chord = kind == Distribution::chord;
    const Index each = is_class ? 1 : is_chord ? inputs_ : kind == Distribution::gaussian ? outputs_ / 2 : outputs_;
    expect(static_cast<Index>(values.shape(2)) == each && values.shape(1) == out.shape(0), "values must be (steps, rows, values)");
    expect(is_class || each == inputs_, "a network feeds itself only as many values as it has inputs");
    expect(!is_class || (table && static_cast<Index>(table->shape(0)) == outputs_ &&
                         static_cast<Index>(table->shape(1)) == inputs_),
           "the table must have a row for each class and a column for each input");
    expect(is_chord == (chords != nullptr), "chords are drawn by a ChordHead, and nothing else is");
    expect(!chords || (chords->notes() == inputs_ && chords->hidden() == outputs_),
           "the chord head must have a note for each input, and the width of the outputs");
    const std::size_t draws = is_chord ? values.shape(2) + 1 : values.shape(2);
    expect(temperature == 0 || kind == Distribution::point ||
               (noise && noise->shape(0) == values.shape(0) && noise->shape(1) == values.shape(1) && noise->shape(2) == draws),
           "noise must have the shape of values, with one number more for each chord");
    Index choices = 0;
    const echoic::LiveLoop loop{static_cast<Index>(values.shape(0)), kind, temperature, min_scale,
                                noise ? noise->data() : nullptr, table ? table->data() : nullptr, values.data(),
                                chords ? &chords->head() : nullptr, &choices};
    nb::gil_scoped_release release;
    network_->loop(step, loop);
    return choices;
  }

 private:
  echoic::LiveStep checked(std::size_t rows, const float* x, Matrix states, Matrix out,
                           const std::optional<Rows>& stream_ids) const {
    expect(static_cast<Index>(states.shape(1)) == state_size_, "states must be (streams, state_size)");
    expect(out.shape(0) == rows && static_cast<Index>(out.shape(1)) == outputs_, "out must be (rows, outputs)");
    expect(stream_ids ? stream_ids->shape(0) == rows : states.shape(0) >= rows, "there must be a state for each row");
    for (std::size_t n = 0; stream_ids && n < rows; ++n)
      expect(stream_ids->data()[n] >= 0 && stream_ids->data()[n] < static_cast<std::int64_t>(states.shape(0)), "no such stream");
    return {static_cast<Index>(rows), stream_ids ? stream_ids->data() : nullptr, states.data(), x, out.data()};
  }

  Index inputs_, outputs_, state_size_ = 0, num_weights_ = 0;
  std::unique_ptr<echoic::Network> network_;
};

using Uniforms = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

class SampleTier {
 public:
  SampleTier(const std::string& target, Index past, Index hidden, Index components, Index num_codes, const Addresses& a,
             float first_width)
      : past_(past), hidden_(hidden) {
    const Kernels& kernels = find(target);
    expect(hidden % kernels.f32->width == 0, "hidden must be a multiple of the target's width");
    expect(components >= 1 && components <= echoic::max_components, "there are too many components");
    tier_.reset(kernels.sample_tier({past, hidden, components, num_codes, pointer<const float>(a.at(0)),
                                     pointer<const float>(a.at(1)), pointer<const float>(a.at(2)), pointer<const float>(a.at(3)),
                                     pointer<const float>(a.at(4)), first_width}));
  }

  void sample(Noise positions, Input lpc_weights, Input history, Vector power, Uniforms uniforms, float temperature, float floor,
            Matrix codes, int threads) const {
    const std::size_t rows = positions.shape(0), samples = positions.shape(1);
    expect(static_cast<Index>(positions.shape(2)) == hidden_, "positions must be (rows, samples, hidden)");
    for (const Input& one : {lpc_weights, history})
      expect(one.shape(0) == rows && static_cast<Index>(one.shape(1)) == past_, "lpc_weights and history must be (rows, past)");
    expect(power.shape(0) == rows, "power must be (rows,)");
    expect(uniforms.shape(0) == samples && uniforms.shape(1) == rows, "uniforms must be (samples, rows)");
    expect(codes.shape(0) == rows && codes.shape(1) == samples, "codes must be (rows, samples)");
    const echoic::SampleCall call{static_cast<Index>(rows), static_cast<Index>(samples), positions.data(),
                                  lpc_weights.data(), history.data(), power.data(), uniforms.data(), temperature,
                                  floor, codes.data(), threads};
    nb::gil_scoped_release release;
    tier_->sample(call);
  }

 private:
  Index past_, hidden_;
  std::unique_ptr<echoic::SampleTier> tier_;
};

}  // namespace

NB_MODULE(_kernel, m) {
  nb::set_leak_warnings(false);  // a stream that lives until the interpreter ends is no leak
  m.def("targets", target_names);
  m.def("peak_gflops", peak_gflops);
  m.def("width", [](const std::string& target) { return find(target).f32->width; });
  m.def(
      "forward",
      [](const std::string& target, const std::string& cell, bool is_double, const Dimensions& d, Address lengths,
         const Addresses& a, int threads) {
        nb::gil_scoped_release release;
        (is_double ? forward<double> : forward<float>)(find(target), kind_of(cell), d, lengths, a, threads);
      });
  m.def(
      "backward",
      [](const std::string& target, const std::string& cell, bool is_double, const Dimensions& d, Address lengths,
         const Addresses& a, int threads) {
        nb::gil_scoped_release release;
        (is_double ? backward<double> : backward<float>)(find(target), kind_of(cell), d, lengths, a, threads);
      });
  nb::class_<BoundStep>(m, "BoundStep").def("__call__", &BoundStep::operator());
  nb::class_<ChordHead>(m, "ChordHead").def(nb::init<const std::string&, Index, Index, Index, const Addresses&>());
  nb::class_<Live>(m, "Live")
      .def(nb::init<const std::string&, const std::vector<std::string>&, const std::vector<Index>&, const Addresses&,
                    Index, Address, Address, const std::string&, int>())
      .def("step", &Live::step, nb::arg("x").noconvert(), nb::arg("states").noconvert(), nb::arg("out").noconvert(),
           nb::arg("stream_ids").noconvert().none() = nb::none())
      .def("bind", &Live::bind, nb::arg("x").noconvert(), nb::arg("states").noconvert(), nb::arg("out").noconvert(),
           nb::keep_alive<0, 1>())
      .def("push", &Live::push, nb::arg("x").noconvert(), nb::arg("states").noconvert(), nb::arg("out").noconvert())
      .def("loop", &Live::loop, nb::arg("states").noconvert(), nb::arg("out").noconvert(),
           nb::arg("stream_ids").noconvert().none(), nb::arg("values").noconvert(), nb::arg("distribution"), nb::arg("temperature"),
           nb::arg("min_scale"), nb::arg("noise").noconvert().none(), nb::arg("table").noconvert().none(),
           nb::arg("chords").none() = nb::none());
  nb::class_<SampleTier>(m, "SampleTier")
      .def(nb::init<const std::string&, Index, Index, Index, Index, const Addresses&, float>())
      .def("sample", &SampleTier::sample, nb::arg("positions").noconvert(), nb::arg("lpc_weights").noconvert(),
           nb::arg("history").noconvert(), nb::arg("power").noconvert(), nb::arg("uniforms").noconvert(),
           nb::arg("temperature"), nb::arg("floor"), nb::arg("codes").noconvert(), nb::arg("threads"));
}
