// Mixed users of an adaptive mutex, which spins before it waits.
#include "lock/mixed.hpp"

int main() {
  pthread_mutex_t mutex;
  init_mutex(&mutex, PTHREAD_MUTEX_ADAPTIVE_NP);
  expect_mixed_exclusion(&mutex);
  return ok();
}
