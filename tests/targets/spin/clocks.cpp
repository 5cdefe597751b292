// Loops that poll a clock in any way - call, vDSO, rdtsc - do not keep a sleeping thread from
// setting what they also look at; and some that wait for a time only.
#include <pthread.h>
#include <sched.h>
#include <sys/time.h>
#include <x86intrin.h>

#include <atomic>
#include <chrono>

#include "expect.hpp"

namespace {

std::atomic<int> flag;

void* sets(void*) {
  sleep_ms(5);
  flag = 1;
  return nullptr;
}

template <class Poll>
void wait_with(Poll poll) {
  flag = 0;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, sets, nullptr), 0);
  poll();
  EXPECT_EQ(flag.load(), 1);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
}

}  // namespace

int main() {
  wait_with([] {
    const auto limit = now_ns(CLOCK_MONOTONIC) + 30'000'000'000;
    while (flag.load() == 0 && now_ns(CLOCK_MONOTONIC) < limit) {
    }
  });
  wait_with([] {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (flag.load() == 0 && std::chrono::steady_clock::now() < limit) _mm_pause();
  });
  wait_with([] {
    timeval now;
    while (flag.load() == 0) EXPECT_EQ(gettimeofday(&now, nullptr), 0);
  });
  wait_with([] {
    unsigned long long last = 0;
    while (flag.load() == 0) {
      const auto count = __rdtsc();
      EXPECT(count >= last);
      last = count;
    }
  });
  wait_with([] {
    while (flag.load() == 0) sched_yield();
  });
  const auto until = now_ns(CLOCK_MONOTONIC) + 20'000'000;
  while (now_ns(CLOCK_MONOTONIC) < until) {
  }
  return ok();
}
