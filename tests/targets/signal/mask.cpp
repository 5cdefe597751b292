// Signal masks are per thread and inherited at creation and fork; SIGKILL and SIGSTOP cannot be
// blocked; the reserved real-time signals cannot be blocked through libc.
#include "signal/signal.hpp"

static bool is_blocked(int number) {
  sigset_t set;
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, nullptr, &set), 0);
  return sigismember(&set, number) == 1;
}
static void* inherits(void*) {
  EXPECT(is_blocked(SIGUSR1));
  EXPECT(!is_blocked(SIGUSR2));
  block({SIGUSR2});
  unblock({SIGUSR1});
  sleep_ms(1);
  EXPECT(!is_blocked(SIGUSR1));
  EXPECT(is_blocked(SIGUSR2));
  return nullptr;
}

int main() {
  EXPECT(!is_blocked(SIGUSR1));
  block({SIGUSR1});
  pthread_t threads[3];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, inherits, nullptr), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT(is_blocked(SIGUSR1));
  EXPECT(!is_blocked(SIGUSR2));
  const int status = status_of_child([] {
    EXPECT(is_blocked(SIGUSR1));
    // Pending signals are not inherited.
    sigset_t pending;
    EXPECT_EQ(sigpending(&pending), 0);
    EXPECT_EQ(sigismember(&pending, SIGUSR1), 0);
  });
  EXPECT_EQ(status, 0);
  sigset_t full, now;
  sigfillset(&full);
  EXPECT_EQ(pthread_sigmask(SIG_SETMASK, &full, nullptr), 0);
  EXPECT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &now), 0);
  for (int number : {SIGKILL, SIGSTOP, 32, 33}) EXPECT_EQ(sigismember(&now, number) == 1, false);
  for (int number : {SIGSEGV, SIGSYS, SIGUSR2, SIGRTMAX}) EXPECT_EQ(sigismember(&now, number), 1);
  EXPECT_EQ(pthread_sigmask(99, &full, nullptr), EINVAL);
  return ok();
}
