// nanosleep is never early; EINVAL for bad times; a signal handler ends it with EINTR and the time
// that is left, and sleeping the rest makes the whole.
#include <pthread.h>
#include <signal.h>

#include "expect.hpp"

static int volatile handled;
static void* send(void* argument) {
  sleep_ms(3);
  pthread_kill(*static_cast<pthread_t*>(argument), SIGUSR1);
  return nullptr;
}

int main() {
  for (long ns : {0L, 1L, 1000L, 1000000L, 5000000L}) {
    const long long start = now_ns(CLOCK_MONOTONIC);
    timespec pause = {0, ns};
    EXPECT_EQ(nanosleep(&pause, nullptr), 0);
    EXPECT(now_ns(CLOCK_MONOTONIC) - start >= ns);
  }
  timespec bad = {0, 1000000000};
  EXPECT_ERRNO(nanosleep(&bad, nullptr), EINVAL);
  bad = {-1, 0};
  EXPECT_ERRNO(nanosleep(&bad, nullptr), EINVAL);

  struct sigaction action = {};
  action.sa_handler = [](int) { handled = handled + 1; };
  action.sa_flags = SA_RESTART;  // makes no difference to sleeps
  EXPECT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  pthread_t self = pthread_self(), thread;
  const long long start = now_ns(CLOCK_MONOTONIC);
  timespec pause = {0, 40000000}, left = {-1, -1};
  EXPECT_EQ(pthread_create(&thread, nullptr, send, &self), 0);
  if (nanosleep(&pause, &left) == -1) {
    EXPECT_EQ(errno, EINTR);
    EXPECT_EQ(left.tv_sec, 0);
    EXPECT(left.tv_nsec > 0 && left.tv_nsec < 40000000);
    const long long slept = now_ns(CLOCK_MONOTONIC) - start;
    EXPECT(slept + left.tv_nsec >= 40000000);
    EXPECT_EQ(nanosleep(&left, nullptr), 0);
    OBS("interrupted");
  }
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 40000000);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(handled, 1);
  return ok();
}
