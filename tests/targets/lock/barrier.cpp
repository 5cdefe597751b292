// pthread barriers: nobody passes early, exactly one serial thread per round, destroyed and reused
// at once.
#include "lock/counted.hpp"

int main() {
  pthread_barrier_t barrier;
  EXPECT_EQ(pthread_barrier_init(&barrier, nullptr, 0), EINVAL);
  EXPECT_EQ(pthread_barrier_init(&barrier, nullptr, counted_threads), 0);
  int arrived = 0, serials = 0, serial_of[counted_rounds] = {};
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  expect_exclusion([&](Counted& counted, int index, int round) {
    pthread_mutex_lock(&mutex);
    counted.step();
    ++arrived;
    pthread_mutex_unlock(&mutex);
    const int result = pthread_barrier_wait(&barrier);
    EXPECT(__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) >= (round + 1) * counted_threads);
    if (result == PTHREAD_BARRIER_SERIAL_THREAD) {
      __atomic_fetch_add(&serials, 1, __ATOMIC_SEQ_CST);
      serial_of[round] = index;
    } else {
      EXPECT_EQ(result, 0);
    }
  });
  EXPECT_EQ(serials, counted_rounds);
  EXPECT_EQ(pthread_barrier_destroy(&barrier), 0);
  OBS("serial %d %d %d %d", serial_of[0], serial_of[1], serial_of[2], serial_of[3]);
  return ok();
}
