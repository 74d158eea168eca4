// Which rows are worked on when: made once a pass, the same for every target.
#pragma once
#include <cstddef>

#include "kernels.h"

namespace echoic {

// Rows that one thread takes through all steps. They are sorted by falling length, so that those still running at a
// step are the first ones, and the steps of all rows lie one after another: number `start[t] + j` is step t of row j.
struct Block {
  Index rows, steps;
  const Index* order;   // [rows], which row of the batch
  const Index* length;  // [rows]
  const Index* start;   // [steps + 1]
  const Index* first;   // [rows], where step 0 of the row lies among the [B * T] steps of the user's arrays
  Index direction;      // from there to the next step: 1 or -1
  Index source(Index t, Index row) const { return first[row] + direction * t; }
  Index active(Index t) const { return start[t + 1] - start[t]; }
  Index total() const { return start[steps]; }
};

struct Plan {
  Index block_count, steps;
  const Block* blocks;
};

// The plan and `bytes` of scratch memory aligned to 64, both valid until the next call on the same thread.
Plan make_plan(const Layout& layout);
char* scratch(std::size_t bytes);

// Memory aligned to 64 that stays until it is given back.
char* allocate_aligned(std::size_t bytes);
void free_aligned(char* memory);

// Calls `work` once on each of `threads` threads, where subnormal numbers count as zero meanwhile. Threads wait for each
// other in `barrier`; a team of one has none to wait for.
struct Team {
  int id, size;
  void barrier() const;
};
void run_team(int threads, void (*work)(void*, const Team&), void* argument);

}  // namespace echoic
