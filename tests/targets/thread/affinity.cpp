// Affinity is per thread, inherited at creation, and sched_getcpu stays inside it.
#include <pthread.h>
#include <sched.h>

#include "expect.hpp"

static void* inherits(void* expected) {
  cpu_set_t mine;
  EXPECT_EQ(pthread_getaffinity_np(pthread_self(), sizeof mine, &mine), 0);
  EXPECT(CPU_EQUAL(&mine, static_cast<cpu_set_t*>(expected)));
  for (int i = 0; i < 5; ++i) {
    EXPECT(CPU_ISSET(static_cast<size_t>(sched_getcpu()), &mine));
    sleep_ms(1);
  }
  return nullptr;
}

int main() {
  cpu_set_t all, one, none;
  EXPECT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  const int cpu = sched_getcpu();
  EXPECT(cpu >= 0 && CPU_ISSET(static_cast<size_t>(cpu), &all));
  CPU_ZERO(&none);
  EXPECT_EQ(pthread_setaffinity_np(pthread_self(), sizeof none, &none), EINVAL);
  pthread_t thread;
  for (size_t candidate = 0; candidate < CPU_SETSIZE; ++candidate) {
    if (!CPU_ISSET(candidate, &all)) continue;
    CPU_ZERO(&one);
    CPU_SET(candidate, &one);
    EXPECT_EQ(pthread_setaffinity_np(pthread_self(), sizeof one, &one), 0);
    EXPECT_EQ(sched_getcpu(), static_cast<int>(candidate));
    EXPECT_EQ(pthread_create(&thread, nullptr, inherits, &one), 0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
  }
  EXPECT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setaffinity_np(&attributes, sizeof one, &one), 0);
  EXPECT_EQ(pthread_create(&thread, &attributes, inherits, &one), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  cpu_set_t now;
  EXPECT_EQ(sched_getaffinity(0, sizeof now, &now), 0);
  EXPECT(CPU_EQUAL(&now, &all));
  OBS("cpu %d of %d", cpu, CPU_COUNT(&all));
  return ok();
}
