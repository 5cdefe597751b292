// pthread_once: one run however many threads arrive while it sleeps; all wait for its end.
#include <pthread.h>

#include "expect.hpp"

static pthread_once_t control = PTHREAD_ONCE_INIT;
static int runs, finished;

static void initialise() {
  ++runs;
  sleep_ms(3);
  finished = 1;
}
static void* work(void*) {
  EXPECT_EQ(pthread_once(&control, initialise), 0);
  EXPECT_EQ(finished, 1);
  return nullptr;
}

int main() {
  pthread_t threads[10];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(runs, 1);
  return ok();
}
