// A system call number that does not exist is ENOSYS, not a SIGSYS.
#include <sys/syscall.h>

#include "signal/signal.hpp"

int main() {
  handle(SIGSYS, [](int, siginfo_t*, void*) { _exit(1); });
  EXPECT_ERRNO(syscall(5000), ENOSYS);
  EXPECT_ERRNO(syscall(-1), ENOSYS);
  EXPECT_ERRNO(syscall(SYS_afs_syscall), ENOSYS);
  return ok();
}
