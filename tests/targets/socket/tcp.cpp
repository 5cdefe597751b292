// TCP over the loopback: ports, names, refusal, reuse, half-closed connections.
#include "socket/socket.hpp"

static sockaddr_in name_of(int (*call)(int, sockaddr*, socklen_t*), int fd) {
  sockaddr_in name = {};
  socklen_t length = sizeof name;
  EXPECT_EQ(call(fd, reinterpret_cast<sockaddr*>(&name), &length), 0);
  EXPECT_EQ(length, sizeof name);
  EXPECT_EQ(name.sin_family, AF_INET);
  return name;
}

int main() {
  uint16_t port;
  const int listener = tcp_listener(port);
  OBS("listens at %d", port);
  std::thread client([port] {
    const int fd = tcp_connect(port);
    EXPECT_EQ(ntohs(name_of(getpeername, fd).sin_port), port);
    write_all(fd, "request");
    EXPECT_EQ(shutdown(fd, SHUT_WR), 0);
    EXPECT_EQ(read_exactly(fd, 5), "reply");
    char byte;
    EXPECT_EQ(read(fd, &byte, 1), 0);
    EXPECT_EQ(close(fd), 0);
  });
  sockaddr_in from;
  socklen_t length = sizeof from;
  const int fd = accept4(listener, reinterpret_cast<sockaddr*>(&from), &length, SOCK_CLOEXEC);
  EXPECT(fd >= 0);
  EXPECT_EQ(length, sizeof from);
  EXPECT_EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
  EXPECT_EQ(name_of(getpeername, fd).sin_port, from.sin_port);
  EXPECT_EQ(ntohs(name_of(getsockname, fd).sin_port), port);
  OBS("client at %d", ntohs(from.sin_port));
  EXPECT_EQ(read_exactly(fd, 7), "request");
  char byte;
  EXPECT_EQ(read(fd, &byte, 1), 0);
  write_all(fd, "reply");
  EXPECT_EQ(close(fd), 0);
  client.join();

  // The port is taken, unless nobody listens there and both want to share it.
  const int other = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in taken = inet_name(INADDR_ANY, port);
  EXPECT_ERRNO(bind(other, as_sockaddr(taken), sizeof taken), EADDRINUSE);
  EXPECT_EQ(close(listener), 0);
  const int on = 1;
  EXPECT_EQ(setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
  EXPECT_EQ(bind(other, as_sockaddr(taken), sizeof taken), 0);
  EXPECT_ERRNO(bind(other, as_sockaddr(taken), sizeof taken), EINVAL);

  // Nobody listens: refused.
  const int refused = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in name = inet_name(INADDR_LOOPBACK, port);
  EXPECT_ERRNO(connect(refused, as_sockaddr(name), sizeof name), ECONNREFUSED);
  EXPECT_ERRNO(send(refused, "x", 1, MSG_NOSIGNAL), EPIPE);
  sockaddr_in none;
  length = sizeof none;
  EXPECT_ERRNO(getpeername(refused, reinterpret_cast<sockaddr*>(&none), &length), ENOTCONN);
  EXPECT_ERRNO(shutdown(refused, SHUT_RDWR), ENOTCONN);

  // A closed connection: end of file, then EPIPE or ECONNRESET.
  EXPECT_EQ(listen(other, 2), 0);
  const int near = tcp_connect(port), far = accept(other, nullptr, nullptr);
  EXPECT_EQ(close(far), 0);
  EXPECT_EQ(read(near, &byte, 1), 0);
  while (send(near, "x", 1, MSG_NOSIGNAL) == 1) sleep_ms(1);
  EXPECT(errno == EPIPE || errno == ECONNRESET);
  return ok();
}
