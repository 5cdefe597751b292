// A signal that arrives while blocked is delivered before the unblocking call returns - for
// sigprocmask, sigsuspend, pselect and ppoll - and to the thread that can take it.
#include <poll.h>
#include <sys/select.h>

#include "signal/signal.hpp"

static int volatile hits;
static pid_t volatile taker;
static void on_signal(int, siginfo_t*, void*) {
  hits = hits + 1;
  taker = gettid();
}
static void* waits(void* argument) {
  unblock({SIGUSR1});
  *static_cast<pid_t*>(argument) = gettid();
  while (hits < 4) sleep_ms(1);
  return nullptr;
}

int main() {
  handle(SIGUSR1, on_signal);
  block({SIGUSR1});
  const sigset_t none = set_of({});
  raise(SIGUSR1);
  EXPECT_EQ(hits, 0);
  unblock({SIGUSR1});
  EXPECT_EQ(hits, 1);
  block({SIGUSR1});
  raise(SIGUSR1);
  timespec limit = {60, 0};
  EXPECT_ERRNO(pselect(0, nullptr, nullptr, nullptr, &limit, &none), EINTR);
  EXPECT_EQ(hits, 2);
  raise(SIGUSR1);
  EXPECT_ERRNO(ppoll(nullptr, 0, &limit, &none), EINTR);
  EXPECT_EQ(hits, 3);
  EXPECT_EQ(taker, gettid());
  // The process's signal goes to the one thread that does not block it.
  pid_t other = 0;
  EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, waits, &other), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(hits, 4);
  EXPECT_EQ(taker, other);
  return ok();
}
