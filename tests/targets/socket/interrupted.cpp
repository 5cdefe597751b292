// A signal ends a wait: restarted with SA_RESTART, but never when the socket has a timeout.
#include "socket/socket.hpp"

static void install(int flags) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  action.sa_flags = flags;
  EXPECT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
}

int main() {
  const Pair pair = make_pair_of(SOCK_STREAM);
  const pthread_t me = pthread_self();
  char byte = 0;
  auto later = [&](bool then_write) {
    return std::thread([&, then_write] {
      sleep_ms(3);
      EXPECT_EQ(pthread_kill(me, SIGUSR1), 0);
      sleep_ms(3);
      if (then_write) write_all(pair.b, "x");
    });
  };
  install(0);
  std::thread thread = later(false);
  EXPECT_ERRNO(recv(pair.a, &byte, 1, 0), EINTR);
  thread.join();

  install(SA_RESTART);
  thread = later(true);
  EXPECT_EQ(recv(pair.a, &byte, 1, 0), 1);
  thread.join();

  const timeval limit = {10, 0};
  EXPECT_EQ(setsockopt(pair.a, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  thread = later(false);
  EXPECT_ERRNO(recv(pair.a, &byte, 1, 0), EINTR);
  thread.join();

  // What was transferred before the signal is the result.
  thread = later(false);
  write_all(pair.b, "abc");
  char buffer[8];
  EXPECT_EQ(recv(pair.a, buffer, 8, MSG_WAITALL), 3);
  thread.join();

  uint16_t port;
  const int listener = tcp_listener(port);
  install(0);
  thread = later(false);
  EXPECT_ERRNO(accept(listener, nullptr, nullptr), EINTR);
  thread.join();
  return ok();
}
