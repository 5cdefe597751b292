// IPv6 loopback, sockets open to both versions, and addresses that are not ours.
#include "socket/socket.hpp"

static sockaddr_in6 name6(const in6_addr& address, uint16_t port) {
  sockaddr_in6 name = {};
  name.sin6_family = AF_INET6;
  name.sin6_addr = address;
  name.sin6_port = htons(port);
  return name;
}

static int listener6(const in6_addr& address, bool only, uint16_t port) {
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  EXPECT(fd >= 0);
  const int on = only;
  EXPECT_EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), 0);
  const sockaddr_in6 name = name6(address, port);
  EXPECT_EQ(bind(fd, as_sockaddr(name), sizeof name), 0);
  EXPECT_EQ(listen(fd, 4), 0);
  return fd;
}

int main() {
  const int probe = socket(AF_INET6, SOCK_STREAM, 0);
  const sockaddr_in6 loopback = name6(in6addr_loopback, 0);
  if (probe < 0 || bind(probe, as_sockaddr(loopback), sizeof loopback) != 0) return skip("no IPv6");

  const int both = listener6(in6addr_any, false, 0);
  const uint16_t port = port_of(both);
  const int four = tcp_connect(port);
  sockaddr_in6 from;
  socklen_t length = sizeof from;
  const int mapped = accept(both, reinterpret_cast<sockaddr*>(&from), &length);
  EXPECT(mapped >= 0);
  EXPECT_EQ(length, sizeof from);
  EXPECT(IN6_IS_ADDR_V4MAPPED(&from.sin6_addr));
  write_all(four, "4");
  EXPECT_EQ(read_exactly(mapped, 1), "4");

  const int six = socket(AF_INET6, SOCK_STREAM, 0);
  const sockaddr_in6 to = name6(in6addr_loopback, port);
  EXPECT_EQ(connect(six, as_sockaddr(to), sizeof to), 0);
  length = sizeof from;
  const int plain = accept(both, reinterpret_cast<sockaddr*>(&from), &length);
  EXPECT(IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
  write_all(plain, "6");
  EXPECT_EQ(read_exactly(six, 1), "6");

  const int only = listener6(in6addr_any, true, 0);
  const int refused = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in wrong = inet_name(INADDR_LOOPBACK, port_of(only));
  EXPECT_ERRNO(connect(refused, as_sockaddr(wrong), sizeof wrong), ECONNREFUSED);

  const int elsewhere = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in foreign = inet_name(0xc0000201 /* 192.0.2.1 */, 1);
  EXPECT_ERRNO(bind(elsewhere, as_sockaddr(foreign), sizeof foreign), EADDRNOTAVAIL);
  EXPECT_ERRNO(connect(elsewhere, as_sockaddr(to), sizeof to), EAFNOSUPPORT);
  EXPECT_ERRNO(bind(elsewhere, as_sockaddr(foreign), 4), EINVAL);
  return ok();
}
