// The only file that knows Python. Arrays come as addresses: echoic.ops, the one caller, has checked shape, type and
// contiguity, and a step costs less than it takes to unwrap an array.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.h"

namespace nb = nanobind;
using echoic::CellKind;
using echoic::Kernels;

namespace {

// Asked once: in a virtual machine, asking the CPU costs as much as a small layer.
const std::vector<const Kernels*>& supported() {
  static const std::vector<const Kernels*> found = [] {
    std::vector<const Kernels*> list;
    for (int at = 0; at < echoic::target_count; ++at)
      if (echoic::targets[at]->supported()) list.push_back(echoic::targets[at]);
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
Real* at(std::uintptr_t address) {
  return reinterpret_cast<Real*>(address);
}

using Address = std::uintptr_t;
using Dimensions = std::vector<long>;     // batch, steps, inputs, hidden, reverse, blocks
using Addresses = std::vector<Address>;  // in the order of the structs in kernels.h

echoic::Layout layout_of(const Dimensions& d, Address lengths) {
  return {d.at(0), d.at(1), d.at(2), d.at(3), at<const std::int64_t>(lengths), d.at(4) != 0, d.at(5)};
}

template <class Real>
void forward(const Kernels& kernels, CellKind kind, const Dimensions& d, Address lengths, const Addresses& a,
             int threads) {
  const echoic::Forward<Real> call{
      layout_of(d, lengths),
      {at<Real>(a.at(0)), at<Real>(a.at(1)), at<Real>(a.at(2)), at<Real>(a.at(3))},
      at<Real>(a.at(4)), at<Real>(a.at(5)), at<Real>(a.at(6)),
      at<Real>(a.at(7)), at<Real>(a.at(8)), at<Real>(a.at(9)), at<Real>(a.at(10))};
  sequence_of<Real>(kernels).forward(kind, call, threads);
}

template <class Real>
void backward(const Kernels& kernels, CellKind kind, const Dimensions& d, Address lengths, const Addresses& a,
              int threads) {
  const echoic::Backward<Real> call{
      layout_of(d, lengths),
      {at<Real>(a.at(0)), at<Real>(a.at(1)), nullptr, nullptr},
      at<Real>(a.at(2)), at<Real>(a.at(3)), at<Real>(a.at(4)), at<Real>(a.at(5)), at<Real>(a.at(6)),
      at<Real>(a.at(7)), at<Real>(a.at(8)), at<Real>(a.at(9)),
      at<Real>(a.at(10)), at<Real>(a.at(11)), at<Real>(a.at(12)), at<Real>(a.at(13)), at<Real>(a.at(14)),
      at<Real>(a.at(15)), at<Real>(a.at(16))};
  sequence_of<Real>(kernels).backward(kind, call, threads);
}

CellKind kind_of(const std::string& cell) { return cell == "lstm" ? CellKind::lstm : CellKind::gru; }

}  // namespace

NB_MODULE(_kernel, m) {
  m.def("targets", target_names);
  m.def("width", [](const std::string& target) { return find(target).f32->width; });
  m.def("saved_size", [](const std::string& target, const std::string& cell, long rows, long hidden) {
    return find(target).f32->saved_size(kind_of(cell), rows, hidden);
  });
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
}
