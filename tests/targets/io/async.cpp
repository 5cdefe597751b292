// O_ASYNC: SIGIO, or the signal of F_SETSIG with the descriptor, for the owner, when something
// comes; owners are threads, processes and groups.
#include <sys/ioctl.h>

#include "io/io.hpp"

static volatile int hits;
static volatile int last_fd;

int main() {
  Pipe pipe;
  handle_signal(SIGIO, [](int) { hits = hits + 1; });
  EXPECT_EQ(fcntl(pipe.read_end, F_SETOWN, getpid()), 0);
  EXPECT_EQ(fcntl(pipe.read_end, F_GETOWN), getpid());
  EXPECT_EQ(fcntl(pipe.read_end, F_SETFL, O_ASYNC), 0);
  EXPECT(fcntl(pipe.read_end, F_GETFL) & O_ASYNC);
  EXPECT(!(fcntl(pipe.write_end, F_GETFL) & O_ASYNC));
  put(pipe.write_end, "x");
  EXPECT_EQ(hits, 1);
  EXPECT_EQ(get(pipe.read_end), "x");
  EXPECT_EQ(hits, 1);

  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t* info, void*) { last_fd = info->si_fd; };
  EXPECT_EQ(sigaction(SIGRTMIN, &action, nullptr), 0);
  EXPECT_EQ(fcntl(pipe.read_end, F_SETSIG, SIGRTMIN), 0);
  EXPECT_EQ(fcntl(pipe.read_end, F_GETSIG), SIGRTMIN);
  f_owner_ex owner = {F_OWNER_TID, gettid()}, got;
  EXPECT_EQ(fcntl(pipe.read_end, F_SETOWN_EX, &owner), 0);
  EXPECT_EQ(fcntl(pipe.read_end, F_GETOWN_EX, &got), 0);
  EXPECT_EQ(got.type, F_OWNER_TID);
  EXPECT_EQ(got.pid, gettid());
  last_fd = -1;
  std::thread writer([&] { put(pipe.write_end, "y"); });
  writer.join();
  EXPECT_EQ(last_fd, pipe.read_end);
  int off = 0;
  EXPECT_EQ(ioctl(pipe.read_end, FIOASYNC, &off), 0);
  last_fd = -1;
  put(pipe.write_end, "z");
  EXPECT_EQ(last_fd, -1);
  owner = {F_OWNER_PID, 999999};
  EXPECT_ERRNO(fcntl(pipe.read_end, F_SETOWN_EX, &owner), ESRCH);
  return ok();
}
