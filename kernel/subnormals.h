// Numbers too small for full precision ("subnormal") count as zero, in the thread that made one of these, while it lives.
//
// Each operation on such a number can cost a hundred times its usual time (on Intel's cores, say), and gradients that vanish
// over many steps are made of them. What the thread had set before is set again at the end.
#pragma once
#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace echoic {

class FlushSubnormals {
 public:
  FlushSubnormals() : before_(read()) {
    if ((before_ & bits) != bits) write(before_ | bits);
  }
  ~FlushSubnormals() {
    if ((before_ & bits) != bits) write(before_);
  }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

#if defined(__x86_64__) || defined(_M_X64)
  static constexpr std::uint64_t bits = 0x8040;  // results become zero, and operands count as zero
  static std::uint64_t read() { return _mm_getcsr(); }

 private:
  static void write(std::uint64_t value) { _mm_setcsr(static_cast<unsigned>(value)); }
#elif defined(__aarch64__)
  static constexpr std::uint64_t bits = std::uint64_t{1} << 24;
  static std::uint64_t read() {
    std::uint64_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
  }

 private:
  static void write(std::uint64_t value) { __asm__ volatile("msr fpcr, %0" : : "r"(value)); }
#else
  static constexpr std::uint64_t bits = 0;
  static std::uint64_t read() { return 0; }

 private:
  static void write(std::uint64_t) {}
#endif
  std::uint64_t before_;
};

}  // namespace echoic
