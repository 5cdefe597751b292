// Blocked real-time signals queue: each is kept with its value, lower numbers first, equal ones in
// order; standard signals are kept once.
#include <string>

#include "signal/signal.hpp"

static std::string log;
static void on_signal(int number, siginfo_t* info, void*) {
  log += static_cast<char>(number == SIGUSR1 ? 'U' : 'a' + number - SIGRTMIN);
  if (number != SIGUSR1) log += static_cast<char>('0' + info->si_value.sival_int);
}

int main() {
  // One at a time: a handler is not interrupted by the next.
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO;
  sigfillset(&action.sa_mask);
  for (int number : {SIGUSR1, SIGRTMIN, SIGRTMIN + 1}) {
    EXPECT_EQ(sigaction(number, &action, nullptr), 0);
  }
  block({SIGUSR1, SIGRTMIN, SIGRTMIN + 1});
  for (int i = 0; i < 3; ++i) {
    sigval value;
    value.sival_int = i;
    EXPECT_EQ(sigqueue(getpid(), SIGRTMIN + 1, value), 0);
    EXPECT_EQ(sigqueue(getpid(), SIGRTMIN, value), 0);
    EXPECT_EQ(raise(SIGUSR1), 0);
  }
  EXPECT_EQ(log, "");
  sigset_t pending;
  EXPECT_EQ(sigpending(&pending), 0);
  for (int number : {SIGUSR1, SIGRTMIN, SIGRTMIN + 1}) EXPECT_EQ(sigismember(&pending, number), 1);
  EXPECT_EQ(sigismember(&pending, SIGUSR2), 0);
  unblock({SIGUSR1, SIGRTMIN, SIGRTMIN + 1});
  EXPECT_EQ(log, "Ua0a1a2b0b1b2");
  EXPECT_EQ(sigpending(&pending), 0);
  EXPECT_EQ(sigismember(&pending, SIGRTMIN), 0);
  return ok();
}
