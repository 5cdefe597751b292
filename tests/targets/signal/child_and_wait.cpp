// The SIGCHLD of a child that is waited for does not end the wait with EINTR: the child is reported
// first, then the handler runs.
#include "signal/signal.hpp"

static int volatile hits;

int main() {
  handle(SIGCHLD, [](int, siginfo_t*, void*) { hits = hits + 1; });
  for (int i = 0; i < 20; ++i) {
    hits = 0;
    const pid_t child = start_child([] {
      sleep_ms(2);
      raise(SIGSTOP);
      sleep_ms(20);
    });
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
    EXPECT(WIFSTOPPED(status));
    EXPECT_EQ(hits, 1);
    EXPECT_EQ(kill(child, SIGCONT), 0);
    siginfo_t info = {};
    EXPECT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WCONTINUED), 0);
    EXPECT_EQ(info.si_code, CLD_CONTINUED);
    while (hits < 2) sleep_ms(1);  // this signal is the child's to send, once it runs
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(hits, 3);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  return ok();
}
