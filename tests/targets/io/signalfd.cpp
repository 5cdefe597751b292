// signalfd: blocked signals are read as records; poll and epoll see them come.
#include <sys/signalfd.h>

#include "io/io.hpp"

int main() {
  const auto set = signals_of({SIGUSR1, SIGUSR2, SIGCHLD, SIGRTMIN});
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
  const auto first = signals_of({SIGUSR1});
  const int fd = signalfd(-1, &first, SFD_CLOEXEC);
  EXPECT(fd >= 0);
  EXPECT_EQ(signalfd(fd, &set, 0), fd);
  EXPECT_EQ(poll_one(fd, POLLIN, 2), 0);
  signalfd_siginfo info[4];
  std::thread sender([&] {
    sleep_ms(3);
    kill(getpid(), SIGUSR1);
  });
  EXPECT_EQ(read(fd, info, sizeof info), static_cast<ssize_t>(sizeof info[0]));
  EXPECT_EQ(info[0].ssi_signo, static_cast<uint32_t>(SIGUSR1));
  EXPECT_EQ(info[0].ssi_pid, static_cast<uint32_t>(getpid()));
  sender.join();

  sigval value = {};
  value.sival_int = 42;
  sigqueue(getpid(), SIGRTMIN, value);
  kill(getpid(), SIGUSR2);
  EXPECT_EQ(poll_one(fd, POLLIN, -1), POLLIN);
  EXPECT_EQ(read(fd, info, sizeof info), static_cast<ssize_t>(2 * sizeof info[0]));
  EXPECT_EQ(info[0].ssi_signo, static_cast<uint32_t>(SIGUSR2));
  EXPECT_EQ(info[1].ssi_int, 42);
  EXPECT_EQ(poll_one(fd, POLLIN, 0), 0);

  const int epoll = epoll_create1(0);
  epoll_event event = {EPOLLIN, {.u32 = 1}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  const pid_t child = start_child([] { sleep_ms(3); });
  EXPECT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
  EXPECT_EQ(read(fd, info, sizeof info), static_cast<ssize_t>(sizeof info[0]));
  EXPECT_EQ(info[0].ssi_signo, static_cast<uint32_t>(SIGCHLD));
  EXPECT_EQ(info[0].ssi_pid, static_cast<uint32_t>(child));
  EXPECT_CHILD_OK(child);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  EXPECT_ERRNO(read(fd, info, sizeof info), EAGAIN);
  EXPECT_ERRNO(read(fd, info, 5), EINVAL);
  EXPECT_ERRNO(signalfd(0, &set, 0), EINVAL);
  EXPECT_ERRNO(signalfd(777, &set, 0), EBADF);
  return ok();
}
