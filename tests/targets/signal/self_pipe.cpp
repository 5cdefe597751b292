// The self-pipe trick and pselect: handlers write to a pipe that the main loop polls.
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>

#include "signal/signal.hpp"

static int channel[2];
static void on_signal(int number, siginfo_t*, void*) {
  const int saved = errno;
  const char byte = static_cast<char>(number);
  EXPECT_EQ(write(channel[1], &byte, 1), 1);
  errno = saved;
}

int main() {
  EXPECT_EQ(pipe2(channel, O_NONBLOCK | O_CLOEXEC), 0);
  handle(SIGALRM, on_signal, SA_RESTART);
  handle(SIGUSR1, on_signal, SA_RESTART);
  itimerval timer = {{0, 1000}, {0, 1000}};
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, nullptr), 0);
  int alarms = 0, users = 0;
  while (alarms < 5 || users < 2) {
    pollfd item = {channel[0], POLLIN, 0};
    const int ready = poll(&item, 1, -1);
    if (ready == -1) {
      EXPECT_EQ(errno, EINTR);
      continue;
    }
    char byte;
    while (read(channel[0], &byte, 1) == 1) {
      if (byte == SIGALRM && ++alarms == 3) raise(SIGUSR1);
      if (byte == SIGUSR1 && ++users == 1) raise(SIGUSR1);
    }
    EXPECT_EQ(errno, EAGAIN);
  }
  timer = {};
  setitimer(ITIMER_REAL, &timer, nullptr);
  return ok();
}
