// timer_create with a signal: SI_TIMER, the value, one shot, periodic, absolute, gettime, overrun
// while blocked, delete.
#include <signal.h>

#include "expect.hpp"

static int volatile rings, value, code, identity;

int main() {
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t* info, void*) {
    rings = rings + 1;
    value = info->si_value.sival_int;
    code = info->si_code;
    identity = info->si_timerid;
  };
  EXPECT_EQ(sigaction(SIGRTMIN, &action, nullptr), 0);
  timer_t timer;
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN;
  event.sigev_value.sival_int = 4711;
  EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  itimerspec when = {{0, 0}, {0, 2000000}}, left;
  const long long start = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(timer_settime(timer, 0, &when, nullptr), 0);
  while (rings == 0) sleep_ms(1);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 2000000);
  EXPECT_EQ(value, 4711);
  EXPECT_EQ(code, SI_TIMER);
  EXPECT_EQ(timer_gettime(timer, &left), 0);
  EXPECT_EQ(left.it_value.tv_sec + left.it_value.tv_nsec, 0);
  sleep_ms(3);
  EXPECT_EQ(rings, 1);

  when.it_value = timespec_of_ns(now_ns(CLOCK_MONOTONIC) + 2000000);
  when.it_interval.tv_nsec = 1000000;
  EXPECT_EQ(timer_settime(timer, TIMER_ABSTIME, &when, nullptr), 0);
  while (rings < 4) sleep_ms(1);
  // While the signal is blocked, expirations are counted as overruns and queued once.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, nullptr), 0);
  sleep_ms(10);
  siginfo_t info;
  EXPECT_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
  EXPECT(info.si_overrun >= 4);
  EXPECT_EQ(info.si_value.sival_int, 4711);
  EXPECT(timer_getoverrun(timer) >= info.si_overrun);
  when = {};
  itimerspec old;
  EXPECT_EQ(timer_settime(timer, 0, &when, &old), 0);
  EXPECT_EQ(old.it_interval.tv_nsec, 1000000);
  EXPECT_EQ(timer_delete(timer), 0);
  const timespec none = {0, 0};
  while (sigtimedwait(&set, &info, &none) == SIGRTMIN) {
  }
  EXPECT_EQ(errno, EAGAIN);
  when.it_value.tv_nsec = 1000000000;
  timer_t other;
  EXPECT_EQ(timer_create(CLOCK_REALTIME, nullptr, &other), 0);
  EXPECT_ERRNO(timer_settime(other, 0, &when, nullptr), EINVAL);
  EXPECT_EQ(timer_delete(other), 0);
  EXPECT_ERRNO(timer_create(99, &event, &timer), EINVAL);
  return ok();
}
