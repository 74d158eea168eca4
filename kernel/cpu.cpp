#include "cpu.h"

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__x86_64__) || defined(_M_X64)
#if defined(_MSC_VER)
#include <intrin.h>
static void cpuid(int leaf, int subleaf, int out[4]) { __cpuidex(out, leaf, subleaf); }
static unsigned long long enabled_registers() { return _xgetbv(0); }
#else
#include <cpuid.h>
static void cpuid(int leaf, int subleaf, int out[4]) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  __get_cpuid_count(leaf, subleaf, &a, &b, &c, &d);
  out[0] = static_cast<int>(a), out[1] = static_cast<int>(b), out[2] = static_cast<int>(c), out[3] = static_cast<int>(d);
}
static unsigned long long enabled_registers() {
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
}
#endif

namespace {

bool bit(int word, int index) { return (word >> index) & 1; }

// The operating system saves the registers of `mask` when it switches threads.
bool saved_by_system(unsigned long long mask) {
  int leaf1[4];
  cpuid(1, 0, leaf1);
  const bool has_xgetbv = bit(leaf1[2], 27);
  return has_xgetbv && (enabled_registers() & mask) == mask;
}

}  // namespace

bool echoic::cpu_has_avx2_fma() {
  int leaf1[4], leaf7[4];
  cpuid(1, 0, leaf1);
  cpuid(7, 0, leaf7);
  return bit(leaf1[2], 12) && bit(leaf1[2], 28) && bit(leaf1[2], 29) && bit(leaf7[1], 5) && saved_by_system(0x6);
}

bool echoic::cpu_has_avx512() {
  int leaf7[4];
  cpuid(7, 0, leaf7);
  return cpu_has_avx2_fma() && bit(leaf7[1], 16) && saved_by_system(0xe6);
}

bool echoic::cpu_has_avx512_bf16() {
  int leaf7[4], leaf7_1[4];
  cpuid(7, 0, leaf7);
  cpuid(7, 1, leaf7_1);
  // Compilers take AVX512BW as given where there is AVX512_BF16.
  return cpu_has_avx512() && bit(leaf7[1], 30) && bit(leaf7_1[0], 5);
}

// Tiles take 8 KB of each thread, which Linux saves for programs that have asked (since version 5.16).
#if defined(__linux__) && defined(__x86_64__)

namespace {

constexpr int arch_get_xcomp_supp = 0x1021, arch_req_xcomp_perm = 0x1023, xfeature_tiledata = 18;

bool system_knows_tiles() {
  unsigned long features = 0;
  return syscall(SYS_arch_prctl, arch_get_xcomp_supp, &features) == 0 && (features >> xfeature_tiledata & 1);
}

}  // namespace

bool echoic::cpu_has_amx_bf16() {
  int leaf7[4];
  cpuid(7, 0, leaf7);
  return cpu_has_avx512_bf16() && bit(leaf7[3], 22) && bit(leaf7[3], 24) && saved_by_system(0x60000) && system_knows_tiles();
}

bool echoic::tiles_are_permitted() {
  static const bool permitted = syscall(SYS_arch_prctl, arch_req_xcomp_perm, xfeature_tiledata) == 0;
  return permitted;
}

#else

bool echoic::cpu_has_amx_bf16() { return false; }
bool echoic::tiles_are_permitted() { return false; }

#endif

#else

bool echoic::cpu_has_amx_bf16() { return false; }
bool echoic::tiles_are_permitted() { return false; }
bool echoic::cpu_has_avx2_fma() { return false; }
bool echoic::cpu_has_avx512() { return false; }
bool echoic::cpu_has_avx512_bf16() { return false; }

#endif
