// What every claim is made with: counted checks, tolerances, and arrays that lie at odd addresses and end where their
// memory ends, so that the address sanitizer sees every number too far.
#pragma once
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace {

// The largest error, as a share of the largest number of the same array, or of 1.
template <class Real>
struct Tolerance;
template <>
struct Tolerance<float> {
  static constexpr double output = 2e-6, gradient = 4e-6, tanh = 4e-7, logistic = 2e-7;
};
template <>
struct Tolerance<double> {
  static constexpr double output = 1e-13, gradient = 1e-13, tanh = 1e-15, logistic = 1e-15;
};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

long passed = 0, failed = 0;

void check(bool holds, const std::string& message) {
  ++(holds ? passed : failed);
  if (!holds && failed <= 20) std::printf("FAILED: %s\n", message.c_str());
}

// `sentence()` is what is said of a claim that does not hold: making it for a million that do takes a tenth of the time.
template <class Sentence>
void check_saying(bool holds, const Sentence& sentence) {
  check(holds, holds ? std::string() : sentence());
}

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// Numbers one past an aligned address. The number before the first must stay as it is.
template <class Real>
class Array {
 public:
  explicit Array(long count, double value = nan) : count_(count), memory_(new Real[count + 1]) {
    for (long n = 0; n < count; ++n) data()[n] = static_cast<Real>(value);
    memory_[0] = guard;
  }
  explicit Array(const std::vector<double>& values) : Array(static_cast<long>(values.size())) {
    for (long n = 0; n < count_; ++n) data()[n] = static_cast<Real>(values[n]);
  }
  Real* data() { return memory_.get() + 1; }
  const Real* data() const { return memory_.get() + 1; }
  long count() const { return count_; }
  bool intact() const { return memory_[0] == guard; }
  bool same_bits(const Array& other) const {
    return count_ == other.count_ && std::memcmp(data(), other.data(), count_ * sizeof(Real)) == 0;
  }

 private:
  static constexpr Real guard = 1234;
  long count_;
  std::unique_ptr<Real[]> memory_;
};

}  // namespace
