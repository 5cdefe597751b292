// SO_RCVTIMEO and SO_SNDTIMEO, on receiving, accepting, sending and connecting.
#include "socket/socket.hpp"

static void set_timeout(int fd, int option, long ms) {
  const timeval time = {ms / 1000, ms % 1000 * 1000};
  EXPECT_EQ(setsockopt(fd, SOL_SOCKET, option, &time, sizeof time), 0);
  timeval read = {};
  socklen_t length = sizeof read;
  EXPECT_EQ(getsockopt(fd, SOL_SOCKET, option, &read, &length), 0);
  EXPECT_EQ(read.tv_sec, time.tv_sec);
}

template <class Call>
void expect_timeout(long ms, Call call) {
  const long long before = now_ns(CLOCK_MONOTONIC);
  EXPECT_ERRNO(call(), EAGAIN);
  EXPECT(now_ns(CLOCK_MONOTONIC) - before >= ms * 1000000LL);
}

int main() {
  const Pair pair = make_pair_of(SOCK_STREAM);
  char byte;
  set_timeout(pair.a, SO_RCVTIMEO, 40);
  expect_timeout(40, [&] { return recv(pair.a, &byte, 1, 0); });
  expect_timeout(40, [&] { return read(pair.a, &byte, 1); });
  set_timeout(pair.a, SO_SNDTIMEO, 30);
  const std::string large(8000000, 'x');
  const ssize_t sent = send(pair.a, large.data(), large.size(), 0);  // what there was room for
  EXPECT(sent > 0 && sent < static_cast<ssize_t>(large.size()));
  expect_timeout(30, [&] { return send(pair.a, large.data(), large.size(), 0); });

  const UnixName name = abstract_name("timeouts-" + std::to_string(getpid()));
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(bind(listener, name.data(), name.length), 0);
  EXPECT_EQ(listen(listener, 0), 0);
  set_timeout(listener, SO_RCVTIMEO, 20);
  expect_timeout(20, [&] { return accept(listener, nullptr, nullptr); });
  const int first = socket(AF_UNIX, SOCK_STREAM, 0), second = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(connect(first, name.data(), name.length), 0);
  set_timeout(second, SO_SNDTIMEO, 25);
  expect_timeout(25, [&] { return connect(second, name.data(), name.length); });
  std::thread acceptor([&] {
    sleep_ms(5);
    EXPECT(accept(listener, nullptr, nullptr) >= 0);
  });
  set_timeout(second, SO_SNDTIMEO, 0);
  EXPECT_EQ(connect(second, name.data(), name.length), 0);  // waits for the acceptor
  acceptor.join();

  uint16_t port;
  const int tcp = tcp_listener(port);
  set_timeout(tcp, SO_RCVTIMEO, 20);
  expect_timeout(20, [&] { return accept(tcp, nullptr, nullptr); });
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  set_timeout(udp, SO_RCVTIMEO, 20);
  const sockaddr_in any = inet_name(INADDR_ANY, 0);
  EXPECT_EQ(bind(udp, as_sockaddr(any), sizeof any), 0);
  expect_timeout(20, [&] { return recv(udp, &byte, 1, 0); });
  return ok();
}
