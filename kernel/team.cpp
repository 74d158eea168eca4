// Threads by OpenMP, so that they are the very threads that torch uses; without OpenMP there is one.
#include "plan.h"
#include "subnormals.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace echoic {

void Team::barrier() const {
#ifdef _OPENMP
#pragma omp barrier
#endif
}

void run_team(int threads, void (*work)(void*, const Team&), void* argument) {
#ifdef _OPENMP
  if (threads > 1) {
#pragma omp parallel num_threads(threads)
    {
      const FlushSubnormals flush;
      work(argument, Team{omp_get_thread_num(), omp_get_num_threads()});
    }
    return;
  }
#endif
  (void)threads;
  const FlushSubnormals flush;
  work(argument, Team{0, 1});
}

}  // namespace echoic
