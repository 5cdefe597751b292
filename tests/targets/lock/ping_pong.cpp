// Two threads hand a turn to each other two thousand times by mutex and condition variable.
#include <pthread.h>

#include "expect.hpp"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t conditions[2] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
static long turn;

static void* work(void* argument) {
  const long me = reinterpret_cast<long>(argument);
  for (long i = 0; i < 2000; ++i) {
    pthread_mutex_lock(&mutex);
    while (turn % 2 != me) pthread_cond_wait(&conditions[me], &mutex);
    EXPECT_EQ(turn, 2 * i + me);
    ++turn;
    pthread_cond_signal(&conditions[1 - me]);
    pthread_mutex_unlock(&mutex);
  }
  return nullptr;
}

int main() {
  pthread_t other;
  EXPECT_EQ(pthread_create(&other, nullptr, work, reinterpret_cast<void*>(1)), 0);
  work(nullptr);
  EXPECT_EQ(pthread_join(other, nullptr), 0);
  EXPECT_EQ(turn, 4000);
  return ok();
}
