// A program that traces its child: works natively, is refused aloud under detsim, and the
// program goes on either way.
#include <signal.h>
#include <sys/ptrace.h>

#include "expect.hpp"

int main() {
  const int status = status_of_child([] {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1) {
      EXPECT_EQ(errno, EPERM);
      _exit(3);
    }
    _exit(4);
  });
  EXPECT(WIFEXITED(status));
  EXPECT(WEXITSTATUS(status) == 3 || WEXITSTATUS(status) == 4);
  EXPECT_ERRNO(ptrace(PTRACE_ATTACH, 0x3ffffff, nullptr, nullptr), ESRCH);
  return ok();
}
