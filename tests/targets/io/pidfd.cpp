// pidfds: readable when the process ends; poll, epoll and waitid take them; signals go through.
#include <sys/syscall.h>

#include "io/io.hpp"

static int open_pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

int main() {
  pid_t child = start_child([] { sleep_ms(5); });
  int fd = open_pidfd(child);
  EXPECT(fd >= 0);
  EXPECT_EQ(poll_one(fd, POLLIN, 0), 0);
  EXPECT_EQ(poll_one(fd, POLLIN, -1), POLLIN);
  siginfo_t info = {};
  EXPECT_EQ(waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(fd), &info, WEXITED), 0);
  EXPECT_EQ(info.si_pid, child);
  EXPECT_EQ(info.si_code, CLD_EXITED);
  EXPECT_EQ(poll_one(fd, POLLIN, 0) & POLLIN, POLLIN);
  close(fd);

  child = start_child([] { pause(); });
  fd = open_pidfd(child);
  EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  const int epoll = epoll_create1(0);
  epoll_event event = {EPOLLIN, {}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  EXPECT_EQ(epoll_wait(epoll, &event, 1, 2), 0);
  EXPECT_EQ(syscall(SYS_pidfd_send_signal, fd, SIGTERM, nullptr, 0), 0);
  EXPECT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
  EXPECT_EQ(WTERMSIG(status_of(child)), SIGTERM);
  EXPECT_ERRNO(syscall(SYS_pidfd_send_signal, fd, SIGTERM, nullptr, 0), ESRCH);
  EXPECT_ERRNO(syscall(SYS_pidfd_send_signal, epoll, 0, nullptr, 0), EBADF);
  EXPECT_ERRNO(open_pidfd(child), ESRCH);
  EXPECT_ERRNO(open_pidfd(-1), EINVAL);
  return ok();
}
