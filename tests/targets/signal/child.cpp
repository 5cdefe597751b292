// SIGCHLD: one per reaped child when handled one at a time, fields of siginfo, SA_NOCLDWAIT and
// SIG_IGN reap by themselves, SA_NOCLDSTOP leaves stops out.
#include "signal/signal.hpp"

static int volatile hits, code, status_seen, pid_seen;
static void on_child(int, siginfo_t* info, void*) {
  hits = hits + 1;
  code = info->si_code;
  status_seen = info->si_status;
  pid_seen = info->si_pid;
}

int main() {
  handle(SIGCHLD, on_child, SA_RESTART);
  for (int i = 0; i < 5; ++i) {
    const pid_t child = start_child([&] { _exit(i + 3); });
    while (hits <= i) sleep_ms(1);
    EXPECT_EQ(hits, i + 1);
    EXPECT_EQ(code, CLD_EXITED);
    EXPECT_EQ(status_seen, i + 3);
    EXPECT_EQ(pid_seen, child);
    EXPECT_EQ(WEXITSTATUS(status_of(child)), i + 3);
  }
  hits = 0;
  pid_t child = start_child([] { raise(SIGKILL); });
  while (hits == 0) sleep_ms(1);
  EXPECT_EQ(code, CLD_KILLED);
  EXPECT_EQ(status_seen, SIGKILL);
  status_of(child);

  hits = 0;
  child = start_child([] {
    raise(SIGSTOP);
    for (;;) pause();
  });
  while (hits == 0) sleep_ms(1);
  EXPECT_EQ(code, CLD_STOPPED);
  EXPECT_EQ(status_seen, SIGSTOP);
  handle(SIGCHLD, on_child, SA_NOCLDSTOP);
  EXPECT_EQ(kill(child, SIGKILL), 0);
  while (hits == 1) sleep_ms(1);
  EXPECT_EQ(code, CLD_KILLED);
  status_of(child);

  for (int way = 0; way < 2; ++way) {
    if (way == 0) {
      handle(SIGCHLD, on_child, SA_NOCLDWAIT);
    } else {
      signal(SIGCHLD, SIG_IGN);
    }
    start_child([] { _exit(1); });
    start_child([] { sleep_ms(2); });
    int status;
    // Waits for all of them to be gone, and then has none.
    pid_t result;
    while ((result = wait(&status)) == -1 && errno == EINTR) {
    }
    EXPECT_EQ(result, -1);
    EXPECT_EQ(errno, ECHILD);
  }
  return ok();
}
