// After fork memory is the child's own, shared mappings and open files are common, and pending
// signals, timers and locks of files are not inherited.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "expect.hpp"

static int own = 1;

int main() {
  auto* common = static_cast<int*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  char path[] = "/tmp/fork_memory.XXXXXX";
  const int fd = mkstemp(path);
  EXPECT_EQ(write(fd, "0123456789", 10), 10);
  EXPECT_EQ(lseek(fd, 2, SEEK_SET), 2);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  raise(SIGUSR1);
  const itimerval soon = {{0, 0}, {100, 0}};
  EXPECT_EQ(setitimer(ITIMER_REAL, &soon, nullptr), 0);
  EXPECT_CHILD_OK(start_child([&] {
    own = 2;
    *common = 3;
    char byte;
    EXPECT_EQ(read(fd, &byte, 1), 1);
    EXPECT_EQ(byte, '2');
    sigset_t pending;
    sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGUSR1), 0);
    itimerval left;
    EXPECT_EQ(getitimer(ITIMER_REAL, &left), 0);
    EXPECT_EQ(left.it_value.tv_sec, 0);
  }));
  EXPECT_EQ(own, 1);
  EXPECT_EQ(*common, 3);
  EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 3);
  unlink(path);
  return ok();
}
