// Unix datagrams and sequenced packets: boundaries, senders' names, a full queue that is waited
// for.
#include "socket/socket.hpp"

int main() {
  const UnixName server = abstract_name("dgram-server-" + std::to_string(getpid()));
  const UnixName client = abstract_name("dgram-client-" + std::to_string(getpid()));
  const int receiver = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM, 0);
  EXPECT_EQ(bind(receiver, server.data(), server.length), 0);
  EXPECT_ERRNO(sendto(sender, "x", 1, 0, client.data(), client.length), ECONNREFUSED);
  EXPECT_EQ(bind(sender, client.data(), client.length), 0);
  EXPECT_EQ(sendto(sender, "first", 5, 0, server.data(), server.length), 5);
  EXPECT_EQ(sendto(sender, "", 0, 0, server.data(), server.length), 0);
  char buffer[64];
  sockaddr_un from;
  socklen_t length = sizeof from;
  EXPECT_EQ(recvfrom(receiver, buffer, 3, MSG_TRUNC, reinterpret_cast<sockaddr*>(&from), &length),
            5);
  EXPECT_EQ(memcmp(buffer, "fir", 3), 0);
  EXPECT_EQ(length, client.length);
  EXPECT_EQ(memcmp(&from, &client.address, length), 0);
  EXPECT_EQ(recv(receiver, buffer, sizeof buffer, 0), 0);

  // The queue is short: who sends more waits until somebody receives.
  EXPECT_EQ(connect(sender, server.data(), server.length), 0);
  constexpr int kCount = 200;
  std::thread thread([&] {
    for (int i = 0; i < kCount; ++i) EXPECT_EQ(send(sender, &i, sizeof i, 0), sizeof i);
  });
  sleep_ms(3);
  for (int i = 0; i < kCount; ++i) {
    int number = -1;
    EXPECT_EQ(recv(receiver, &number, sizeof number, 0), sizeof number);
    EXPECT_EQ(number, i);
  }
  thread.join();
  set_nonblocking(sender);
  int sent = 0;
  while (send(sender, &sent, sizeof sent, 0) == sizeof sent) ++sent;
  EXPECT_EQ(errno, EAGAIN);
  EXPECT(sent > 0);

  const Pair packets = make_pair_of(SOCK_SEQPACKET);
  EXPECT_EQ(send(packets.a, "one", 3, 0), 3);
  EXPECT_EQ(send(packets.a, "two!", 4, 0), 4);
  EXPECT_EQ(recv(packets.b, buffer, 2, 0), 2);
  EXPECT_EQ(recv(packets.b, buffer, sizeof buffer, 0), 4);
  std::thread reader([&] { EXPECT_EQ(recv(packets.b, buffer, sizeof buffer, 0), 0); });
  sleep_ms(1);
  EXPECT_EQ(close(packets.a), 0);
  reader.join();

  // A name that the system chooses: five hexadecimal digits.
  const int anonymous = socket(AF_UNIX, SOCK_DGRAM, 0);
  const sa_family_t family = AF_UNIX;
  EXPECT_EQ(bind(anonymous, reinterpret_cast<const sockaddr*>(&family), sizeof family), 0);
  length = sizeof from;
  EXPECT_EQ(getsockname(anonymous, reinterpret_cast<sockaddr*>(&from), &length), 0);
  EXPECT_EQ(length, sizeof family + 6);
  OBS("chosen %.5s", from.sun_path + 1);
  return ok();
}
