// The order in which four threads pass their yields.
#include "support/interleaving.hpp"

#include <pthread.h>

static void* work(void* argument) {
  for (int i = 0; i < 12; ++i) {
    interleaving_note(*static_cast<char*>(argument));
    sched_yield();
  }
  return nullptr;
}

int main() {
  char letters[] = "abcd";
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, &letters[i]), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(interleaving_length, 48u);
  interleaving_print();
  return ok();
}
