// Cancellation in nanosleep, clock_nanosleep, usleep and sleep.
#include <unistd.h>

#include "thread/cancel.hpp"

static void do_nanosleep() {
  timespec forever = {1000, 0};
  nanosleep(&forever, nullptr);
}
static void do_clock_nanosleep() {
  timespec forever = {1000000000, 0};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &forever, nullptr);
}
static void do_usleep() { usleep(900000000); }
static void do_sleep() { sleep(1000); }

int main() {
  const long long start = now_ns(CLOCK_MONOTONIC);
  expect_cancelled<do_nanosleep>();
  expect_cancelled<do_clock_nanosleep>();
  expect_cancelled<do_usleep>();
  expect_cancelled<do_sleep>();
  EXPECT(now_ns(CLOCK_MONOTONIC) - start < 900000000000LL);
  return ok();
}
