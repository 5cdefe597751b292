// Who takes a signal: a thread's own ones before those of its process, whatever their numbers; the
// main thread if it does not block it; a thread that waits by sigtimedwait although it blocks it;
// another thread when the one meant for it starts to block it, or ends.
#include <string>

#include "signal/signal.hpp"

static std::string log;
static pid_t volatile taker;
static int volatile turn;
static void on_signal(int number, siginfo_t*, void*) {
  log += static_cast<char>(number == SIGUSR1 ? '1' : number == SIGUSR2 ? '2' : 'r');
  taker = gettid();
}

static void* takes_what_is_left(void* tid) {
  *static_cast<pid_t*>(tid) = gettid();
  while (turn == 0) sleep_ms(1);
  unblock({SIGUSR1});
  turn = 2;
  while (turn == 2) sleep_ms(1);
  return nullptr;
}

static void* stays_open(void*) {
  unblock({SIGTERM});
  turn = 1;
  while (turn == 1) sleep_ms(1);
  return nullptr;
}

int main() {
  for (int number : {SIGUSR1, SIGUSR2, SIGRTMIN}) {
    struct sigaction action = {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO;
    sigfillset(&action.sa_mask);
    EXPECT_EQ(sigaction(number, &action, nullptr), 0);
  }
  block({SIGUSR1, SIGUSR2, SIGRTMIN});
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGRTMIN);
  pthread_kill(pthread_self(), SIGRTMIN);
  pthread_kill(pthread_self(), SIGUSR2);
  // Each handler blocks all, so they run one after the other.
  unblock({SIGUSR1, SIGUSR2, SIGRTMIN});
  EXPECT_EQ(log, "2r1r");

  for (int i = 0; i < 5; ++i) {
    kill(getpid(), SIGUSR1);
    EXPECT_EQ(taker, getpid());
  }

  // The main thread blocks it: it is left to the other one.
  log.clear();
  block({SIGUSR1});
  pthread_t thread;
  pid_t other = 0;
  EXPECT_EQ(pthread_create(&thread, nullptr, takes_what_is_left, &other), 0);
  kill(getpid(), SIGUSR1);
  EXPECT_EQ(log, "");
  turn = 1;
  while (turn == 1) sleep_ms(1);
  while (log.empty()) sleep_ms(1);
  EXPECT_EQ(taker, other);
  turn = 3;
  EXPECT_EQ(pthread_join(thread, nullptr), 0);

  // A waiter that blocks it has the first claim, when it is the main thread.
  turn = 0;
  block({SIGTERM});
  EXPECT_EQ(pthread_create(&thread, nullptr, stays_open, nullptr), 0);
  while (turn == 0) sleep_ms(1);
  const pid_t sender = start_child([parent = getpid()] {
    sleep_ms(20);
    kill(parent, SIGTERM);
  });
  siginfo_t info;
  const sigset_t set = set_of({SIGTERM});
  EXPECT_EQ(sigwaitinfo(&set, &info), SIGTERM);
  EXPECT_EQ(info.si_pid, sender);
  EXPECT_CHILD_OK(sender);
  turn = 2;
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
