// The program's own SIGSYS: handler by kill, mask, default death, sigwait. A sandbox that uses the
// signal itself must not show it.
#include <sys/syscall.h>

#include "signal/signal.hpp"

static int volatile hits;
static pid_t volatile sender;
static void on_signal(int number, siginfo_t* info, void*) {
  EXPECT_EQ(number, SIGSYS);
  EXPECT_EQ(info->si_code, SI_USER);
  hits = hits + 1;
  sender = info->si_pid;
}

int main() {
  struct sigaction now;
  EXPECT_EQ(sigaction(SIGSYS, nullptr, &now), 0);
  EXPECT(now.sa_handler == SIG_DFL);
  handle(SIGSYS, on_signal);
  EXPECT_EQ(sigaction(SIGSYS, nullptr, &now), 0);
  EXPECT(now.sa_sigaction == on_signal);
  EXPECT_EQ(kill(getpid(), SIGSYS), 0);
  EXPECT_EQ(hits, 1);
  EXPECT_EQ(sender, getpid());
  block({SIGSYS});
  sigset_t mask;
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, nullptr, &mask), 0);
  EXPECT_EQ(sigismember(&mask, SIGSYS), 1);
  EXPECT_EQ(kill(getpid(), SIGSYS), 0);
  // Calls of every kind go on while it is blocked and pending.
  EXPECT_EQ(syscall(SYS_getpid), static_cast<long>(getpid()));
  sleep_ms(1);
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  EXPECT_EQ(write(channel[1], "x", 1), 1);
  EXPECT_EQ(hits, 1);
  const sigset_t set = set_of({SIGSYS});
  int number = 0;
  EXPECT_EQ(sigwait(&set, &number), 0);
  EXPECT_EQ(number, SIGSYS);
  unblock({SIGSYS});
  EXPECT_EQ(hits, 1);
  sigset_t full;
  sigfillset(&full);
  EXPECT_EQ(sigprocmask(SIG_SETMASK, &full, nullptr), 0);
  EXPECT_EQ(syscall(SYS_gettid), static_cast<long>(gettid()));
  const int status = status_of_child([] {
    signal(SIGSYS, SIG_DFL);
    unblock({SIGSYS});
    sleep_ms(1);
    raise(SIGSYS);
  });
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
  const int ignored = status_of_child([] {
    signal(SIGSYS, SIG_IGN);
    unblock({SIGSYS});
    raise(SIGSYS);
    EXPECT_EQ(syscall(SYS_getpid), static_cast<long>(getpid()));
  });
  EXPECT_EQ(ignored, 0);
  return ok();
}
