// Runs that do not end by themselves, for tests/spin: how detsim stops them is what is tested.
//    stops deadlock     two threads spin on what nobody will change
//    stops counting     a thread counts while it waits, so it is no pure spin
//    stops storing      a thread tells others, in vain, that it waits
//    stops nothing      for (;;);
// Without an argument there is nothing to test.
#include <pthread.h>
#include <xmmintrin.h>

#include <atomic>

#include "expect.hpp"

std::atomic<int> go_signal;
volatile unsigned long rounds;

static void* wait_for_go(void*) {
  while (go_signal.load() == 0) _mm_pause();
  return nullptr;
}
static void* count_until_go(void*) {
  while (go_signal.load() == 0) rounds = rounds + 1;
  return nullptr;
}
static void* store_until_go(void*) {
  while (go_signal.load() == 0) {
    rounds = 1;
    rounds = 0;
  }
  return nullptr;
}

int main(int count, char** arguments) {
  if (count < 2) return ok();
  const std::string what = arguments[1];
  pthread_t thread;
  if (what == "deadlock") {
    EXPECT_EQ(pthread_create(&thread, nullptr, wait_for_go, nullptr), 0);
    wait_for_go(nullptr);
  } else if (what == "counting") {
    EXPECT_EQ(pthread_create(&thread, nullptr, count_until_go, nullptr), 0);
  } else if (what == "storing") {
    EXPECT_EQ(pthread_create(&thread, nullptr, store_until_go, nullptr), 0);
  } else {
    for (;;) {
    }
  }
  sleep_ms(1);
  go_signal = 1;
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
