// Cancellation in waitpid and waitid; the child can still be waited for.
#include <sys/wait.h>

#include "thread/cancel.hpp"

static pid_t child;
static void do_waitpid() { waitpid(child, nullptr, 0); }
static void do_waitid() {
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED);
}

int main() {
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  child = start_child([&] {
    close(channel[1]);
    char byte;
    EXPECT_EQ(read(channel[0], &byte, 1), 0);
    _exit(5);
  });
  expect_cancelled<do_waitpid>();
  expect_cancelled<do_waitid>();
  close(channel[1]);
  const int status = status_of(child);
  EXPECT(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 5);
  return ok();
}
