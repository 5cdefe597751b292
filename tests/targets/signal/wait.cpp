// sigwait, sigwaitinfo, sigtimedwait take blocked signals from process and thread, in order, with
// their values; a time-out is EAGAIN and never early.
#include "signal/signal.hpp"

static void* send(void* argument) {
  sleep_ms(2);
  EXPECT_EQ(pthread_kill(*static_cast<pthread_t*>(argument), SIGUSR2), 0);
  return nullptr;
}

int main() {
  block({SIGUSR1, SIGUSR2, SIGRTMIN});
  const sigset_t all = set_of({SIGUSR1, SIGUSR2, SIGRTMIN});
  EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
  int number = 0;
  EXPECT_EQ(sigwait(&all, &number), 0);
  EXPECT_EQ(number, SIGUSR1);
  siginfo_t info;
  for (int i = 0; i < 3; ++i) {
    sigval value;
    value.sival_int = 50 + i;
    EXPECT_EQ(sigqueue(getpid(), SIGRTMIN, value), 0);
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sigwaitinfo(&all, &info), SIGRTMIN);
    EXPECT_EQ(info.si_value.sival_int, 50 + i);
    EXPECT_EQ(info.si_pid, getpid());
  }
  const long long start = now_ns(CLOCK_MONOTONIC);
  timespec limit = {0, 3000000};
  EXPECT_ERRNO(sigtimedwait(&all, &info, &limit), EAGAIN);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 3000000);
  limit = {0, 0};
  EXPECT_ERRNO(sigtimedwait(&all, &info, &limit), EAGAIN);
  limit = {0, -1};
  EXPECT_ERRNO(sigtimedwait(&all, &info, &limit), EINVAL);
  pthread_t self = pthread_self(), thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, send, &self), 0);
  limit = {60, 0};
  EXPECT_EQ(sigtimedwait(&all, &info, &limit), SIGUSR2);
  EXPECT_EQ(info.si_code, SI_USER);  // glibc makes it of SI_TKILL
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
