// UDP over the loopback: boundaries, names, connected sockets, a burst that nobody reads yet.
#include "socket/socket.hpp"

static int bound(uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  EXPECT(fd >= 0);
  const sockaddr_in name = inet_name(INADDR_LOOPBACK, 0);
  EXPECT_EQ(bind(fd, as_sockaddr(name), sizeof name), 0);
  port = port_of(fd);
  return fd;
}

int main() {
  uint16_t port, other_port;
  const int server = bound(port), other = bound(other_port);
  EXPECT(port != other_port);
  const sockaddr_in to = inet_name(INADDR_LOOPBACK, port);
  const int client = socket(AF_INET, SOCK_DGRAM, 0);
  EXPECT_ERRNO(send(client, "x", 1, 0), EDESTADDRREQ);
  EXPECT_EQ(sendto(client, "first", 5, 0, as_sockaddr(to), sizeof to), 5);
  EXPECT_EQ(sendto(client, "", 0, 0, as_sockaddr(to), sizeof to), 0);
  EXPECT_EQ(sendto(client, "longer", 6, 0, as_sockaddr(to), sizeof to), 6);
  char buffer[70000];
  sockaddr_in from;
  socklen_t length = sizeof from;
  EXPECT((poll_one(server, POLLIN, 1000) & POLLIN) != 0);
  EXPECT_EQ(recvfrom(server, buffer, 100, 0, reinterpret_cast<sockaddr*>(&from), &length), 5);
  EXPECT_EQ(length, sizeof from);
  EXPECT_EQ(ntohs(from.sin_port), port_of(client));
  EXPECT_EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
  EXPECT_EQ(recv(server, buffer, 100, 0), 0);
  EXPECT_EQ(recv(server, buffer, 3, MSG_TRUNC), 6);
  OBS("client at %d", ntohs(from.sin_port));

  // Connected: only what its partner sends arrives.
  EXPECT_EQ(connect(client, as_sockaddr(to), sizeof to), 0);
  const sockaddr_in back = inet_name(INADDR_LOOPBACK, port_of(client));
  EXPECT_EQ(sendto(other, "stranger", 8, 0, as_sockaddr(back), sizeof back), 8);
  EXPECT_EQ(sendto(server, "partner", 7, 0, as_sockaddr(back), sizeof back), 7);
  EXPECT_EQ(recv(client, buffer, 100, 0), 7);
  EXPECT_EQ(memcmp(buffer, "partner", 7), 0);

  // A burst: all of it waits for the reader, in order.
  for (int i = 0; i < 100; ++i) EXPECT_EQ(send(client, &i, sizeof i, 0), sizeof i);
  for (int i = 0; i < 100; ++i) {
    int number = -1;
    EXPECT_EQ(recv(server, &number, sizeof number, MSG_DONTWAIT), sizeof number);
    EXPECT_EQ(number, i);
  }
  EXPECT_ERRNO(recv(server, buffer, 1, MSG_DONTWAIT), EAGAIN);
  const std::string large(60000, 'l');
  EXPECT_EQ(send(client, large.data(), large.size(), 0), 60000);
  EXPECT_EQ(recv(server, buffer, sizeof buffer, 0), 60000);
  EXPECT_ERRNO(send(client, buffer, 65508, 0), EMSGSIZE);

  // Nobody is there any more: a connected socket learns of it.
  EXPECT_EQ(close(server), 0);
  EXPECT_EQ(send(client, "x", 1, 0), 1);
  sleep_ms(1);
  EXPECT_ERRNO(send(client, "x", 1, 0), ECONNREFUSED);
  EXPECT_EQ(send(client, "x", 1, 0), 1);
  EXPECT(poll_one(client, POLLIN, 1000) != 0);
  EXPECT_ERRNO(recv(client, buffer, 1, 0), ECONNREFUSED);
  EXPECT_ERRNO(recv(client, buffer, 1, MSG_DONTWAIT), EAGAIN);
  return ok();
}
