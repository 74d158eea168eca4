// Claims about the tiles of AMX: what the instructions do, on the CPU or emulated; when the system is asked for them; and passes
// of sizes at which tiles are full, or not.
#pragma once
#include "test_live.h"
#include "test_sizes.h"

#ifdef ECHOIC_AMX
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct alignas(64) TileSettings {
  unsigned char bytes[64] = {1};
  void set(int tile, int rows, int row_bytes) {
    bytes[48 + tile] = static_cast<unsigned char>(rows);
    bytes[16 + 2 * tile] = static_cast<unsigned char>(row_bytes);
  }
};

std::uint16_t bfloat16_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<std::uint16_t>(bits >> 16);
}

// One sum of one row and one column, over pairs: sum + a[0] b[0] + a[1] b[1] + ...
float tile_sum(float sum, const std::vector<float>& a, const std::vector<float>& b) {
  const int pairs = static_cast<int>(a.size() / 2);
  std::uint16_t left[32], right[32];
  for (std::size_t n = 0; n < a.size(); ++n) left[n] = bfloat16_of(a[n]), right[n] = bfloat16_of(b[n]);
  TileSettings settings;
  settings.set(0, 1, 4), settings.set(1, 1, 4 * pairs), settings.set(2, pairs, 4);
  __asm__ volatile(
      "ldtilecfg %0\n\t"
      "tileloadd (%1,%4,1), %%tmm0\n\t"
      "tileloadd (%2,%4,1), %%tmm1\n\t"
      "tileloadd (%3,%4,1), %%tmm2\n\t"
      "tdpbf16ps %%tmm2, %%tmm1, %%tmm0\n\t"
      "tilestored %%tmm0, (%1,%4,1)\n\t"
      "tilerelease"
      :
      : "m"(settings), "r"(&sum), "r"(left), "r"(right), "r"(4L)
      : "memory");
  return sum;
}

void check_sums_of_a_tile() {
  check(tile_sum(1, {2, 3, 5, 7}, {11, 13, 17, 19}) == 1 + 22 + 39 + 85 + 133, "a sum over two pairs");
  const float infinite = std::numeric_limits<float>::infinity();
  check(tile_sum(0, {infinite, 1}, {2, 1}) == infinite, "infinity stays");
  check(std::isnan(tile_sum(0, {infinite, 1}, {0, 1})), "infinity times zero is not a number");
}

// What the manual says of rounding. Passes do not rely on it, so a CPU may do otherwise.
void check_emulated_rounding() {
  const float big = 16777216;  // 2^24: adding 1 changes nothing, adding 2 does
  check(tile_sum(big, {1, 1}, {1, 1}) == big + 2, "the numbers of a pair are added to each other before the sum");
  check(tile_sum(0, {big, 1, 1, 1}, {1, 1, 1, 1}) == big + 2, "first numbers have a sum of their own, and second ones");
  check(tile_sum(0, {big, 0, 1, 0, 1, 0}, {1, 1, 1, 1, 1, 1}) == big, "each sum is rounded after each pair");
  const float small = 1e-39f;
  check(tile_sum(0, {small, 0}, {1e30f, 0}) == 0, "a subnormal operand is zero");
  check(tile_sum(small, {0, 0}, {0, 0}) == 0, "a subnormal sum is zero");
  check(tile_sum(0, {1e-25f, 0}, {1e-15f, 0}) == 0, "a subnormal result is zero");
}

// 5 x 3 sums over 2 pairs, in arrays whose rows are longer than the tiles'; by every form of address.
void check_shapes_of_tiles() {
  constexpr int rows = 5, columns = 3, pairs = 2, row = 7;
  std::uint16_t a[rows * row * 2] = {}, b[pairs * row * 2] = {};
  float c[rows * row];
  for (int n = 0; n < rows * row; ++n) c[n] = static_cast<float>(1000 + n);
  for (int n = 0; n < rows * row * 2; ++n) a[n] = bfloat16_of(static_cast<float>(n % 13 - 6));
  for (int n = 0; n < pairs * row * 2; ++n) b[n] = bfloat16_of(static_cast<float>(n % 11 - 5));
  float expected[rows * row];
  for (int r = 0; r < rows; ++r)
    for (int n = 0; n < row; ++n) {
      int sum = 1000 + r * row + n;
      for (int k = 0; n < columns && k < 2 * pairs; ++k)
        sum += ((r * row * 2 + k) % 13 - 6) * (((k / 2 * row + n) * 2 + k % 2) % 11 - 5);
      expected[r * row + n] = static_cast<float>(sum);
    }
  TileSettings settings;
  settings.set(3, rows, 4 * columns), settings.set(5, rows, 4 * pairs), settings.set(7, pairs, 4 * columns);
  float zeros[rows * columns], row_of_b[pairs * columns];
  __asm__ volatile(
      "lea %[settings], %%rax\n\t"
      "ldtilecfg (%%rax)\n\t"
      "mov %[c], %%r13\n\t"
      "mov %[row], %%r14\n\t"
      "tileloadd (%%r13,%%r14,4), %%tmm3\n\t"                  // r13 needs a displacement, of one byte
      "lea -256(%[a]), %%r12\n\t"
      "shl $1, %%r14\n\t"
      "tileloadd 256(%%r12,%%r14,2), %%tmm5\n\t"               // four bytes of displacement
      "lea 64(%[b]), %%r11\n\t"
      "shl $1, %%r14\n\t"
      "tileloaddt1 -64(%%r11,%%r14), %%tmm7\n\t"
      "tdpbf16ps %%tmm7, %%tmm5, %%tmm3\n\t"
      "tilestored %%tmm3, (%[c],%%r14)\n\t"
      "tileloadd (%[b]), %%tmm7\n\t"                           // no index: the same row again and again
      "mov $12, %%r14\n\t"
      "tilestored %%tmm7, (%[row_of_b],%%r14)\n\t"
      "tilezero %%tmm3\n\t"
      "tilestored %%tmm3, (%[zeros],%%r14)\n\t"
      "tilerelease"
      :
      : [settings] "m"(settings), [a] "r"(a), [b] "r"(b), [c] "r"(c), [row] "r"(long{row}), [zeros] "r"(zeros), [row_of_b] "r"(row_of_b)
      : "memory", "rax", "r11", "r12", "r13", "r14");
  check(std::memcmp(c, expected, sizeof c) == 0, "tiles of few rows and columns, whose rows lie apart, and nothing beside them");
  check(std::memcmp(row_of_b, b, 12) == 0 && std::memcmp(row_of_b + columns, b, 12) == 0, "without a distance all rows are the same");
  bool all_zero = true;
  for (float one : zeros) all_zero = all_zero && one == 0;
  check(all_zero, "a tile is cleared");
}

// Whatever was in the tiles is gone when they are configured.
void check_configuring_clears() {
  TileSettings settings;
  settings.set(6, 2, 8);
  float numbers[4] = {1, 2, 3, 4};
  __asm__ volatile(
      "ldtilecfg %0\n\t"
      "tileloadd (%1,%2,1), %%tmm6\n\t"
      "ldtilecfg %0\n\t"
      "tilestored %%tmm6, (%1,%2,1)\n\t"
      "tilerelease"
      :
      : "m"(settings), "r"(numbers), "r"(8L)
      : "memory");
  for (float one : numbers) check(one == 0, "configuring clears tiles");
}

// Other code of the thread may have left tiles that look like anything.
void check_tiles_of_others(const echoic::Sequence<float>& kernel) {
  const Case test_case{CellKind::gru, 9, 3, 33, 20, {}, false};
  const CaseArrays arrays = random_numbers(test_case, 45);
  const auto result = run(kernel, test_case, arrays, {1, 1, Scheme::rounded});
  TileSettings settings;
  settings.set(0, 1, 4);
  __asm__ volatile("ldtilecfg %0" : : "m"(settings) : "memory");
  check(run(kernel, test_case, arrays, {1, 1, Scheme::rounded}).same_bits(result), "tiles that others have configured do not matter");
}

using FloatKernel = echoic::Sequence<float>;

// Only rounded passes and networks ask for tiles, the first one once. Where they are refused another target takes over.
void check_requests(const echoic::Kernels& target, const echoic::Kernels& other) {
  const FloatKernel &kernel = *target.f32, &without = *other.f32;
  const auto stepped = [&](const echoic::Kernels& one, Storage storage) {
    const PlainNetwork network({CellKind::lstm}, {3, 20}, 0, storage);
    Array<float> states(PlainNetwork::random_row(8 * network.state_size, 71)), out(8 * 20);
    const Array<float> x(PlainNetwork::random_row(8 * 3, 73));
    network.packed(one, 1)->step({8, nullptr, states.data(), x.data(), out.data()});
    return out;
  };
  const Case test_case{CellKind::lstm, 20, 3, 5, 20, {}, false};
  const CaseArrays arrays = random_numbers(test_case, 41);
  unsigned long permissions = 0;
  const bool known = __real_syscall(SYS_arch_prctl, tile_permissions, &permissions) == 0;
  check(!known || !(permissions >> tile_feature & 1), "a program has no tiles before it asks");
  for (Scheme scheme : {Scheme::units, Scheme::lanes})
    check(run(kernel, test_case, arrays, {2, 1, scheme}).same_bits(run(without, test_case, arrays, {2, 1, scheme})),
          "passes that are not rounded are those of the target without tiles");
  for (Storage storage : {Storage::f32, Storage::f16, Storage::i8})
    check(stepped(target, storage).same_bits(stepped(other, storage)), "networks that are not rounded are those of the target without tiles");
  check(tile_requests == 0, "nobody asks for tiles before a rounded pass");
  std::fflush(stdout);
  const int child = fork();
  if (child == 0) {
    answer_to_requests = Answer::refused;
    const bool same = run(kernel, test_case, arrays, {2, 1, Scheme::rounded}).same_bits(run(without, test_case, arrays, {2, 1, Scheme::rounded}));
    const bool same_network = stepped(target, Storage::bf16).same_bits(stepped(other, Storage::bf16));
    _exit(same && same_network && tile_requests == 1 && emulated_instructions == 0 ? 0 : 1);
  }
  int status = -1;
  check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "without a permission passes and networks are those of the target without tiles");
  for (int n = 0; n < 2; ++n) {
    run(kernel, test_case, arrays, {2, 1, Scheme::rounded});
    stepped(target, Storage::bf16);
    check(tile_requests == 1, "a program asks for tiles once, at its first rounded pass");
  }
}

// Emulated, it can be counted: one configuration for the input's share of all gates, one for the steps, and no tiles afterwards.
void check_configurations(const FloatKernel& kernel) {
  const Case test_case{CellKind::lstm, 16, 4, 32, 32, {}, false};
  const CaseArrays arrays = random_numbers(test_case, 43);
  for (const auto& [blocks, threads] : {std::pair<long, int>{1, 1}, {2, 2}}) {
    const long configurations = emulated_configurations, releases = emulated_releases;
    run(kernel, test_case, arrays, {blocks, threads, Scheme::rounded});
    // Twice forward; backward turns from steps to all rows for dx, to the weights, and to the steps of no other chunk.
    check(emulated_configurations - configurations <= 7 * blocks, "tiles are configured seldom");
    check(emulated_releases - releases == 3 * threads, "each worker of a pass releases its tiles");
    check(!emulated_tiles.configured, "tiles are free after a pass");
  }
}

// As the oracle has it, and, where the operands of all products are given, nearly as the target without tiles has it.
void check_pass(const FloatKernel& kernel, const FloatKernel& without, const std::string& name, const Case& test_case,
                const CallOptions& options, bool ask_oracle) {
  const CaseArrays arrays = random_numbers(test_case, static_cast<unsigned>(test_case.batch + 31 * test_case.hidden));
  const auto result = run(kernel, test_case, arrays, options), other = run(without, test_case, arrays, options);
  const auto numbers = [](const Array<float>& of) { return std::vector<double>(of.data(), of.data() + of.count()); };
  const Expected expected{numbers(other.y), numbers(other.h_end), numbers(other.c_end), numbers(other.dx), numbers(other.dh0), numbers(other.dc0),
              numbers(other.dw_in), numbers(other.dw_rec), numbers(other.dbias), numbers(other.dbias_rec)};
  const std::string where = name + test_case.text() + options.text();
  compare(result, expected, where + "against the target without tiles", true);
  if (test_case.steps == 1) check(error_of(result.y, expected.y) < 3e-6, "y of one step is that of the target without tiles: " + where);
  if (ask_oracle) compare(result, expected_of(test_case, arrays, true), where, true);
}

void check_shapes_of_passes(const FloatKernel& kernel, const FloatKernel& without, const std::string& name, bool quick) {
  const std::vector<long> hiddens{8, 16, 20, 37, 128, 130}, batches{1, 3, 4, 15, 16, 17, 31, 33, 48, 70};
  long turn = 0;
  for (CellKind kind : {CellKind::lstm, CellKind::gru})
    for (long hidden : hiddens)
      for (long batch : batches) {
        ++turn;
        if (quick && (turn % 5 || hidden > 37)) continue;
        const long inputs = std::vector<long>{1, 8, 33, 40, 64}[turn % 5], steps = 1 + turn % 4, blocks = 1 + turn % 3;
        const int threads = static_cast<int>(1 + (turn / 3) % 3);
        const bool reverse = turn % 2, is_unequal = turn / 2 % 2;
        const Case test_case{kind, batch, steps, inputs, hidden, is_unequal ? unequal(batch, steps) : std::vector<std::int64_t>{}, reverse};
        check_pass(kernel, without, name, test_case, {blocks, threads, Scheme::rounded}, hidden <= 37 && turn % 3 == 0);
      }
  if (quick) return;
  // Inputs and steps beyond what one product takes, and one large layer against the oracle.
  check_pass(kernel, without, name, {CellKind::lstm, 17, 3, 330, 40, unequal(17, 3), true}, {1, 1, Scheme::rounded}, false);
  check_pass(kernel, without, name, {CellKind::gru, 33, 20, 20, 80, unequal(33, 20), false}, {2, 2, Scheme::rounded}, false);
  check_pass(kernel, without, name, {CellKind::lstm, 20, 2, 40, 128, {}, false}, {1, 1, Scheme::rounded}, true);
  check_pass(kernel, without, name, {CellKind::gru, 20, 2, 40, 130, {2, 1, 0, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2}, true}, {1, 1, Scheme::rounded}, true);
}

// Steps of live networks of bfloat16: one row, few, as many as tiles have or not; depths of one tile and several, full or not.
void check_networks_in_tiles(const echoic::Kernels& target, bool quick) {
  constexpr CellKind lstm = CellKind::lstm, gru = CellKind::gru;
  constexpr Storage storage = Storage::bf16;
  const long before = emulated_instructions;
  for (long rows : quick ? std::vector<long>{3, 21} : std::vector<long>{1, 3, 4, 16, 19, 33, 100}) {
    check_live_steps({{lstm}, {3, 5}, 0, storage}, target, rows, false);
    check_live_steps({{gru, lstm}, {1, 37, 20}, 3, storage}, target, rows, true);
    if (!quick) check_live_steps({{lstm, gru}, {40, 33, 70}, 0, storage}, target, rows, true);
  }
  if (tiles_are_emulated) check(emulated_instructions > before, "many rows are multiplied in tiles");
  check_alone_and_among_others({{lstm, gru}, {3, 37, 9}, 2, storage}, target, quick ? 40 : 135, true);
  check_infinite_input_of_a_stream({{gru, lstm}, {2, 7, 5}, 3, storage}, target);
  check_live_loop({{gru, lstm}, {2, 9, 17}, 4, storage}, target, Distribution::gaussian, 0.75f, 2);
  if (tiles_are_emulated) check(!emulated_tiles.configured, "tiles are free after a step");
}

void check_tiles(bool quick) {
  const echoic::Kernels* target = is_checked(*tile_target()) ? tile_target() : checked_emulated();
  if (!target) return;
  const echoic::Kernels* without = nullptr;
  for (int n = 0; n < echoic::target_count; ++n)
    if (std::strcmp(echoic::targets[n]->name, "avx512_bf16") == 0) without = echoic::targets[n];
  check_requests(*target, *without);
  if (!echoic::tiles_are_permitted()) return;
  check_sums_of_a_tile();
  if (tiles_are_emulated) check_emulated_rounding();
  check_shapes_of_tiles();
  check_configuring_clears();
  check_tiles_of_others(*target->f32);
  if (tiles_are_emulated) check_configurations(*target->f32);
  check_shapes_of_passes(*target->f32, *without->f32, std::string(target->name) + (tiles_are_emulated ? " emulated " : " "), quick);
  check_networks_in_tiles(*target, quick);
}

void report_tiles() {
  if (tile_target()->supported()) std::printf("tiles: of this CPU%s\n", echoic::tiles_are_permitted() ? "" : ", but the system refuses them");
  if (checked_emulated()) std::printf("tiles: emulated, %ld instructions\n", emulated_instructions.load());
}

}  // namespace

#else

namespace {
void check_tiles(bool) {}
void report_tiles() {}
}  // namespace

#endif
