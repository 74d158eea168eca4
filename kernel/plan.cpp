#include "plan.h"

#include <algorithm>
#include <new>
#include <numeric>
#include <utility>
#include <vector>

namespace echoic {
namespace {

// Scratch memory above this is given back after the call that needed it.
constexpr std::size_t kept_bytes = std::size_t{64} << 20;

struct Memory {
  char* data = nullptr;
  std::size_t size = 0;
  ~Memory() { free_aligned(data); }
};

struct PlanMemory {
  std::vector<Index> order, length, start, first;
  std::vector<Block> blocks;
};

thread_local Memory memory;
thread_local PlanMemory plans;

Index length_of(const Layout& layout, Index row) { return layout.lengths ? layout.lengths[row] : layout.steps; }

}  // namespace

Plan make_plan(const Layout& layout) {
  PlanMemory& plan = plans;
  std::vector<Index> sorted(layout.batch);
  std::iota(sorted.begin(), sorted.end(), Index{0});
  if (layout.lengths)
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](Index a, Index b) { return layout.lengths[a] > layout.lengths[b]; });
  plan.order.clear();
  plan.length.clear();
  plan.start.clear();
  plan.first.clear();
  plan.blocks.assign(layout.blocks, Block{});
  plan.order.reserve(layout.batch);
  plan.length.reserve(layout.batch);
  plan.first.reserve(layout.batch);
  plan.start.reserve(layout.blocks * (layout.steps + 1));
  for (Index b = 0; b < layout.blocks; ++b) {
    Block& block = plan.blocks[b];
    block.order = plan.order.data() + plan.order.size();
    block.length = plan.length.data() + plan.length.size();
    block.start = plan.start.data() + plan.start.size();
    block.first = plan.first.data() + plan.first.size();
    block.direction = layout.reverse ? -1 : 1;
    // Rows of unequal length are dealt like cards, so that all blocks get long and short ones.
    for (Index row = b; row < layout.batch; row += layout.blocks) {
      plan.order.push_back(sorted[row]);
      plan.length.push_back(length_of(layout, sorted[row]));
      plan.first.push_back(sorted[row] * layout.steps + (layout.reverse ? plan.length.back() - 1 : 0));
      ++block.rows;
    }
    block.steps = block.rows ? block.length[0] : 0;
    Index total = 0, running = block.rows;
    for (Index t = 0; t <= block.steps; ++t) {
      plan.start.push_back(total);
      while (running > 0 && block.length[running - 1] <= t) --running;
      total += running;
    }
  }
  const Index steps = plan.blocks.empty() ? 0 : plan.blocks[0].steps;
  return {layout.blocks, steps, plan.blocks.data()};
}

char* allocate_aligned(std::size_t bytes) {
  return static_cast<char*>(::operator new(bytes, std::align_val_t{64}));
}

void free_aligned(char* memory) { ::operator delete(memory, std::align_val_t{64}); }

char* scratch(std::size_t bytes) {
  Memory& kept = memory;
  if (kept.size < bytes || (kept.size > kept_bytes && bytes <= kept_bytes)) {
    free_aligned(std::exchange(kept.data, nullptr));
    kept.size = 0;
    kept.data = allocate_aligned(bytes);
    kept.size = bytes;
  }
  return kept.data;
}

Network::~Network() = default;
SampleTier::~SampleTier() = default;
ChordHead::~ChordHead() = default;

}  // namespace echoic
