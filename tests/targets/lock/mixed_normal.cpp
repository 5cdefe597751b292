// Mixed users of a normal mutex.
#include "lock/mixed.hpp"

int main() {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  expect_mixed_exclusion(&mutex);
  return ok();
}
