// A thread blocked in read() of a disarmed timerfd continues when another thread arms it.
#include <pthread.h>
#include <sys/timerfd.h>

#include <cstdint>

#include "expect.hpp"

static int fd;
static void* reads(void*) {
  uint64_t count = 0;
  EXPECT_EQ(read(fd, &count, sizeof count), 8);
  return reinterpret_cast<void*>(count);
}

int main() {
  fd = timerfd_create(CLOCK_MONOTONIC, 0);
  EXPECT(fd >= 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, reads, nullptr), 0);
  sleep_ms(3);
  EXPECT_EQ(pthread_tryjoin_np(thread, nullptr), EBUSY);
  itimerspec when = {{0, 0}, {0, 2000000}};
  const long long start = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(timerfd_settime(fd, 0, &when, nullptr), 0);
  void* value = nullptr;
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT_EQ(reinterpret_cast<long>(value), 1);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 2000000);
  return ok();
}
