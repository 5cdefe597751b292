// Options that programs set and read back.
#include "socket/socket.hpp"

static int read_option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, name, &value, &length), 0);
  EXPECT_EQ(length, sizeof value);
  return value;
}

static void write_option(int fd, int level, int name, int value) {
  EXPECT_EQ(setsockopt(fd, level, name, &value, sizeof value), 0);
}

int main() {
  const int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET6, SOCK_DGRAM, 0);
  EXPECT(tcp >= 0 && udp >= 0);
  EXPECT_EQ(read_option(tcp, SOL_SOCKET, SO_DOMAIN), AF_INET);
  EXPECT_EQ(read_option(tcp, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
  EXPECT_EQ(read_option(tcp, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
  EXPECT_EQ(read_option(udp, SOL_SOCKET, SO_DOMAIN), AF_INET6);
  EXPECT_EQ(read_option(udp, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
  EXPECT_EQ(read_option(tcp, SOL_SOCKET, SO_ERROR), 0);
  for (const int name : {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE}) {
    EXPECT_EQ(read_option(tcp, SOL_SOCKET, name), 0);
    write_option(tcp, SOL_SOCKET, name, 1);
    EXPECT_EQ(read_option(tcp, SOL_SOCKET, name), 1);
  }
  EXPECT_EQ(read_option(tcp, IPPROTO_TCP, TCP_NODELAY), 0);
  write_option(tcp, IPPROTO_TCP, TCP_NODELAY, 1);
  EXPECT_EQ(read_option(tcp, IPPROTO_TCP, TCP_NODELAY), 1);
  write_option(tcp, IPPROTO_TCP, TCP_KEEPIDLE, 33);
  EXPECT_EQ(read_option(tcp, IPPROTO_TCP, TCP_KEEPIDLE), 33);
  write_option(tcp, SOL_SOCKET, SO_RCVBUF, 20000);
  EXPECT_EQ(read_option(tcp, SOL_SOCKET, SO_RCVBUF), 40000);
  write_option(udp, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  EXPECT_EQ(read_option(udp, IPPROTO_IPV6, IPV6_V6ONLY), 1);
  write_option(tcp, IPPROTO_IP, IP_TTL, 7);
  EXPECT_EQ(read_option(tcp, IPPROTO_IP, IP_TTL), 7);
  const int value = 1;
  EXPECT_ERRNO(setsockopt(tcp, IPPROTO_TCP, 9999, &value, sizeof value), ENOPROTOOPT);
  EXPECT_ERRNO(setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &value, 1), EINVAL);
  tcp_info info = {};
  socklen_t length = sizeof info;
  EXPECT_EQ(getsockopt(tcp, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  EXPECT_EQ(info.tcpi_state, TCP_CLOSE);
  EXPECT_EQ(listen(tcp, 1), 0);
  EXPECT_EQ(read_option(tcp, SOL_SOCKET, SO_ACCEPTCONN), 1);
  EXPECT_ERRNO(listen(udp, 1), EOPNOTSUPP);
  EXPECT_ERRNO(accept(udp, nullptr, nullptr), EOPNOTSUPP);
  EXPECT_ERRNO(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
  EXPECT_ERRNO(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
  EXPECT_ERRNO(socket(AF_UNIX, 99, 0), EINVAL);
  int ends[2];
  EXPECT_ERRNO(socketpair(AF_INET, SOCK_STREAM, 0, ends), EOPNOTSUPP);
  return ok();
}
