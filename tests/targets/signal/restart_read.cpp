// A handler interrupts a blocking read: EINTR without SA_RESTART, a continued read with it.
#include <sys/socket.h>

#include "signal/signal.hpp"

static int channel[2];
static int volatile hits;
static void on_signal(int, siginfo_t*, void*) { hits = hits + 1; }
static void on_signal_writes(int, siginfo_t*, void*) {
  hits = hits + 1;
  if (hits == 3) EXPECT_EQ(write(channel[1], "z", 1), 1);
}

int main() {
  EXPECT_EQ(pipe(channel), 0);
  char byte = 0;
  handle(SIGUSR1, on_signal);
  Nagger interrupts(SIGUSR1);
  EXPECT_ERRNO(read(channel[0], &byte, 1), EINTR);
  interrupts.stop();
  EXPECT(hits >= 1);

  hits = 0;
  handle(SIGUSR1, on_signal_writes, SA_RESTART);
  Nagger restarts(SIGUSR1);
  EXPECT_EQ(read(channel[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'z');
  restarts.stop();
  EXPECT(hits >= 3);

  int pair[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  handle(SIGUSR1, on_signal);
  Nagger receives(SIGUSR1);
  EXPECT_ERRNO(recv(pair[0], &byte, 1, 0), EINTR);
  receives.stop();
  return ok();
}
