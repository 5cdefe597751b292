// rdtsc and rdtscp are ordered, advance over a sleep, in every thread.
#include <cpuid.h>
#include <pthread.h>
#include <x86intrin.h>

#include "expect.hpp"

static bool has_rdtscp() {
  unsigned a, b, c, d;
  return __get_cpuid(0x80000001, &a, &b, &c, &d) && (d & (1u << 27));
}

static void* work(void*) {
  const bool both = has_rdtscp();
  unsigned long long last = __rdtsc();
  for (int i = 0; i < 100; ++i) {
    unsigned cpu = 0;
    _mm_lfence();
    const unsigned long long now = both && i % 2 ? __rdtscp(&cpu) : __rdtsc();
    EXPECT(now >= last);
    EXPECT((cpu & 0xfff) < 4096);
    last = now;
    if (i % 25 == 0) sched_yield();
  }
  const long long start = now_ns(CLOCK_MONOTONIC);
  sleep_ms(5);
  _mm_lfence();
  const unsigned long long after = __rdtsc();
  const long long elapsed = now_ns(CLOCK_MONOTONIC) - start;
  // Between 0.1 and 10 GHz, as any calibration loop expects.
  const double rate = static_cast<double>(after - last) / static_cast<double>(elapsed);
  EXPECT(rate > 0.1 && rate < 10);
  OBS("rdtsc %llu", last);
  return nullptr;
}

int main() {
  work(nullptr);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
