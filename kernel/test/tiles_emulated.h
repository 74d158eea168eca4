// The tile instructions of AMX for CPUs without them: each of them raises SIGILL, whose handler does what Intel's manual says
// (volume 2, "LDTILECFG" to "TDPBF16PS") and goes on behind it. So the object code of target_amx.cpp itself is what runs.
//
// What a CPU would refuse ends the program. The system's part, a permission, is emulated as well: see `__wrap_syscall`.
#pragma once
#include "kernels.h"

#ifdef ECHOIC_AMX
#include <immintrin.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cpu.h"

namespace {

struct EmulatedTiles {
  bool configured = false;
  int rows[8] = {}, row_bytes[8] = {};
  unsigned char data[8][16][64] = {};
};
thread_local EmulatedTiles emulated_tiles;

std::atomic<long> emulated_instructions{0}, emulated_configurations{0}, emulated_releases{0};

[[noreturn]] void refuse(const char* why) {
  std::fprintf(stderr, "emulated tiles: a CPU refuses %s\n", why);
  std::abort();
}

enum class TileInstruction { none, configure, release, zero, load, store, multiply };

struct Decoded {
  TileInstruction instruction = TileInstruction::none;
  int length = 0, reg = 0, rm = 0, vvvv = 0;
  std::uint64_t base = 0, stride = 0;  // of memory: base and displacement, and the index scaled
};

// The register of x86's numbering.
std::uint64_t value_of(const greg_t* registers, int number) {
  static constexpr int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                     REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return static_cast<std::uint64_t>(registers[places[number]]);
}

TileInstruction instruction_of(int opcode, int prefix, bool is_register, int reg, int rm) {
  constexpr int none = 0, x66 = 1, xf3 = 2, xf2 = 3;
  if (opcode == 0x49 && prefix == none && !is_register && reg == 0) return TileInstruction::configure;
  if (opcode == 0x49 && prefix == none && is_register && reg == 0 && rm == 0) return TileInstruction::release;
  if (opcode == 0x49 && prefix == xf2 && is_register && rm == 0) return TileInstruction::zero;
  const bool has_sib = !is_register && rm == 4;
  if (opcode == 0x4b && (prefix == xf2 || prefix == x66) && has_sib) return TileInstruction::load;  // 66: for one use
  if (opcode == 0x4b && prefix == xf3 && has_sib) return TileInstruction::store;
  if (opcode == 0x5c && prefix == xf3 && is_register) return TileInstruction::multiply;
  return TileInstruction::none;
}

// The three bytes of VEX, the opcode, ModRM, SIB and the displacement.
Decoded decode(const unsigned char* code, const greg_t* registers) {
  Decoded d;
  if (code[0] != 0xc4 || (code[1] & 0x1f) != 2 || (code[2] & 0x84) != 0) return d;  // map 0F38, W0, 128 bits
  const bool r = !(code[1] & 0x80), x = !(code[1] & 0x40), b = !(code[1] & 0x20);
  const int modrm = code[4], mod = modrm >> 6;
  const bool is_register = mod == 3;
  d.vvvv = ~(code[2] >> 3) & 15;
  d.reg = (modrm >> 3 & 7) + 8 * r;
  d.rm = modrm & 7;
  const TileInstruction found = instruction_of(code[3], code[2] & 3, is_register, d.reg, d.rm);
  // There are eight tiles, and a register that is not named is named as the first one.
  if (d.reg > 7 || (is_register && (b || x)) || (found == TileInstruction::multiply ? d.vvvv > 7 : d.vvvv != 0)) return d;
  int at = 5;
  if (!is_register) {
    bool has_base = true;
    if (d.rm == 4) {
      const int sib = code[at++], index = (sib >> 3 & 7) + 8 * x, base = (sib & 7) + 8 * b;
      has_base = (sib & 7) != 5 || mod != 0;
      if (has_base) d.base = value_of(registers, base);
      if (index != 4) d.stride = value_of(registers, index) << (sib >> 6);
    } else if (d.rm == 5 && mod == 0) {
      has_base = false;  // from the next instruction on, see below
    } else {
      d.base = value_of(registers, d.rm + 8 * b);
    }
    const int bytes = mod == 1 ? 1 : mod == 2 || !has_base ? 4 : 0;
    std::int32_t displacement = 0;
    std::memcpy(&displacement, code + at, bytes);
    d.base += static_cast<std::uint64_t>(std::int64_t{bytes == 1 ? static_cast<std::int8_t>(displacement) : displacement});
    at += bytes;
    if (d.rm == 5 && mod == 0) d.base += reinterpret_cast<std::uint64_t>(code + at);
  }
  d.length = at;
  d.instruction = found;
  return d;
}

void configure(EmulatedTiles& tiles, const unsigned char* from) {
  ++emulated_configurations;
  tiles = {};
  if (from[0] == 0) return;
  if (from[0] != 1) refuse("a palette other than 1");
  if (from[1] != 0) refuse("nothing, but a start row is not emulated");
  for (int n = 2; n < 64; ++n)
    if ((n < 16 || (n >= 32 && n < 48) || n >= 56) && from[n]) refuse("reserved bytes that are not zero");
  for (int tile = 0; tile < 8; ++tile) {
    tiles.rows[tile] = from[48 + tile];
    tiles.row_bytes[tile] = from[16 + 2 * tile] + 256 * from[17 + 2 * tile];
    if (tiles.rows[tile] > 16 || tiles.row_bytes[tile] > 64) refuse("more than 16 rows, or than 64 bytes in a row");
    if ((tiles.rows[tile] == 0) != (tiles.row_bytes[tile] == 0)) refuse("rows without bytes, or bytes without rows");
  }
  tiles.configured = true;
}

// Products and sums with a single rounding; subnormal numbers are zeros. The numbers of a pair go into sums of their own,
// and both together into the tile's.
__attribute__((target("avx512f"))) void multiply_rows(EmulatedTiles& tiles, int to, int a, int b) {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(0x9fc0);
  const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000));
  const __mmask16 columns = static_cast<__mmask16>((1U << (tiles.row_bytes[to] / 4)) - 1);
  for (int row = 0; row < tiles.rows[to]; ++row) {
    __m512 first = _mm512_setzero_ps(), second = _mm512_setzero_ps();
    for (int pair = 0; 4 * pair < tiles.row_bytes[a]; ++pair) {
      std::uint32_t bits;
      std::memcpy(&bits, &tiles.data[a][row][4 * pair], 4);
      const __m512i left = _mm512_set1_epi32(static_cast<int>(bits)), right = _mm512_loadu_si512(tiles.data[b][pair]);
      first = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_slli_epi32(left, 16)),
                              _mm512_castsi512_ps(_mm512_slli_epi32(right, 16)), first);
      second = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_and_si512(left, upper)),
                               _mm512_castsi512_ps(_mm512_and_si512(right, upper)), second);
    }
    unsigned char* sums = tiles.data[to][row];
    const __m512 sum = _mm512_add_ps(_mm512_loadu_ps(reinterpret_cast<float*>(sums)), _mm512_add_ps(first, second));
    _mm512_storeu_ps(reinterpret_cast<float*>(sums), _mm512_maskz_mov_ps(columns, sum));
  }
  std::memset(&tiles.data[to][0][0] + 64 * tiles.rows[to], 0, 64 * (16 - tiles.rows[to]));
  _mm_setcsr(before);
}

void execute(EmulatedTiles& tiles, const Decoded& d) {
  if (d.instruction == TileInstruction::configure) return configure(tiles, reinterpret_cast<const unsigned char*>(d.base));
  if (d.instruction == TileInstruction::release) {
    ++emulated_releases;
    tiles = {};
    return;
  }
  if (!tiles.configured) refuse("tiles that are not configured");
  if (!tiles.rows[d.reg]) refuse("a tile without rows");
  const int bytes = tiles.row_bytes[d.reg];
  unsigned char (*data)[64] = tiles.data[d.reg];
  if (d.instruction == TileInstruction::zero || d.instruction == TileInstruction::load) std::memset(data, 0, sizeof tiles.data[0]);
  if (d.instruction == TileInstruction::zero) return;
  if (d.instruction == TileInstruction::multiply) {
    const int to = d.reg, a = d.rm, b = d.vvvv;
    if (to == a || to == b || a == b) refuse("a tile that is used twice");
    if (!tiles.rows[a] || !tiles.rows[b]) refuse("a tile without rows");
    if (tiles.row_bytes[to] % 4 || tiles.row_bytes[a] % 4 || tiles.row_bytes[b] % 4) refuse("parts of pairs");
    if (tiles.rows[to] != tiles.rows[a] || tiles.row_bytes[to] != tiles.row_bytes[b] || tiles.row_bytes[a] != 4 * tiles.rows[b])
      refuse("tiles that do not fit each other");
    return multiply_rows(tiles, to, a, b);
  }
  for (int row = 0; row < tiles.rows[d.reg]; ++row) {
    auto* memory = reinterpret_cast<unsigned char*>(d.base + static_cast<std::uint64_t>(row) * d.stride);
    d.instruction == TileInstruction::load ? std::memcpy(data[row], memory, bytes) : std::memcpy(memory, data[row], bytes);
  }
}

void on_illegal_instruction(int, siginfo_t*, void* context) {
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const Decoded decoded = decode(reinterpret_cast<const unsigned char*>(registers[REG_RIP]), registers);
  if (decoded.instruction == TileInstruction::none) {
    signal(SIGILL, SIG_DFL);  // it comes again, and ends the program
    return;
  }
  ++emulated_instructions;
  execute(emulated_tiles, decoded);
  registers[REG_RIP] += decoded.length;
}

const echoic::Kernels* tile_target() {
  for (int n = 0; n < echoic::target_count; ++n)
    if (std::strcmp(echoic::targets[n]->name, "amx") == 0) return echoic::targets[n];
  return nullptr;
}

// Set by `begin_emulation`.
bool tiles_are_emulated = false;

// Where the CPU has everything but tiles. Call it after the sanitizers have installed their handlers: at the start of `main`.
void begin_emulation() {
  if (tile_target()->supported() || !echoic::cpu_has_avx512_bf16()) return;
  struct sigaction action {};
  action.sa_sigaction = on_illegal_instruction;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, nullptr);
  tiles_are_emulated = true;
}

enum class Answer { of_the_system, granted, refused };
Answer answer_to_requests = Answer::of_the_system;
std::atomic<int> tile_requests{0};
constexpr long tile_request = 0x1023, tile_permissions = 0x1022, tile_feature = 18;

}  // namespace

// The linker puts this in the place of the C library's `syscall` in the kernels: requests for tiles are counted and answered.
extern "C" long __real_syscall(long number, ...);
extern "C" long __wrap_syscall(long number, ...) {
  std::va_list list;
  va_start(list, number);
  const long first = va_arg(list, long), second = va_arg(list, long);
  va_end(list);
  if (number != SYS_arch_prctl || first != tile_request || second != tile_feature) return __real_syscall(number, first, second);
  ++tile_requests;
  const bool system = answer_to_requests == Answer::of_the_system && !tiles_are_emulated;
  return system ? __real_syscall(number, first, second) : answer_to_requests == Answer::refused ? -1 : 0;
}

#endif

namespace {

// The target that is checked although this CPU does not have it, or nullptr.
const echoic::Kernels* emulated_target() {
#ifdef ECHOIC_AMX
  return tiles_are_emulated ? tile_target() : nullptr;
#else
  return nullptr;
#endif
}

}  // namespace
