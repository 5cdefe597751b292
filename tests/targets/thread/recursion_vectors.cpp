// Deep recursion on a 48 KiB stack with vector values alive in every frame, blocking at the
// bottom, in eight threads.
#include <pthread.h>

#include "expect.hpp"

typedef double Vector __attribute__((vector_size(16)));
static pthread_barrier_t barrier;

__attribute__((noinline)) static Vector descend(int depth, Vector value) {
  const Vector mine = value * 1.5 + depth;
  if (depth == 0) {
    for (int i = 0; i < 5; ++i) {
      pthread_barrier_wait(&barrier);
      sched_yield();
    }
    return mine;
  }
  const Vector below = descend(depth - 1, mine);
  sched_yield();
  return below + mine * 0.25;
}

static void plain(int depth, double value, double* result) {
  const double mine = value * 1.5 + depth;
  if (depth == 0) {
    *result = mine;
    return;
  }
  plain(depth - 1, mine, result);
  *result += mine * 0.25;
}

static void* work(void* argument) {
  const double seed = static_cast<double>(reinterpret_cast<long>(argument));
  const Vector start = {seed, seed + 1};
  const Vector got = descend(40, start);
  for (int i = 0; i < 2; ++i) {
    double expected = 0;
    plain(40, start[i], &expected);
    EXPECT(got[i] == expected);
  }
  return nullptr;
}

int main() {
  pthread_barrier_init(&barrier, nullptr, 8);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 48 << 10);
  pthread_t threads[8];
  for (long i = 0; i < 8; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], &attributes, work, reinterpret_cast<void*>(i * 10)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
