// MSG_PEEK, MSG_WAITALL, MSG_DONTWAIT, MSG_TRUNC, vectors, sendmmsg and recvmmsg.
#include "socket/socket.hpp"

static void waitall(int writer, int reader) {
  std::thread thread([&] {
    for (const char* part : {"ab", "cde", "f"}) {
      sleep_ms(2);
      write_all(writer, part);
    }
  });
  char buffer[8] = {};
  EXPECT_EQ(recv(reader, buffer, 5, MSG_WAITALL), 5);
  EXPECT_EQ(memcmp(buffer, "abcde", 5), 0);
  EXPECT_EQ(recv(reader, buffer, 1, MSG_WAITALL | MSG_PEEK), 1);
  EXPECT_EQ(recv(reader, buffer, 8, 0), 1);
  EXPECT_EQ(buffer[0], 'f');
  thread.join();
  // The end of the stream ends it early.
  std::thread closer([&] {
    write_all(writer, "gh");
    sleep_ms(2);
    EXPECT_EQ(shutdown(writer, SHUT_WR), 0);
  });
  EXPECT_EQ(recv(reader, buffer, 8, MSG_WAITALL), 2);
  EXPECT_EQ(recv(reader, buffer, 8, MSG_WAITALL), 0);
  closer.join();
}

int main() {
  Pair pair = make_pair_of(SOCK_STREAM);
  waitall(pair.a, pair.b);
  uint16_t port;
  const int listener = tcp_listener(port);
  const int client = tcp_connect(port), server = accept(listener, nullptr, nullptr);
  waitall(client, server);

  pair = make_pair_of(SOCK_STREAM);
  char buffer[16] = {};
  EXPECT_ERRNO(recv(pair.a, buffer, 1, MSG_DONTWAIT), EAGAIN);
  EXPECT_ERRNO(recv(pair.a, buffer, 1, MSG_DONTWAIT | MSG_PEEK), EAGAIN);
  write_all(pair.b, "peeked");
  EXPECT_EQ(recv(pair.a, buffer, 4, MSG_PEEK), 4);
  EXPECT_EQ(recv(pair.a, buffer, sizeof buffer, 0), 6);

  char head[2], tail[8];
  iovec pieces[2] = {{head, 2}, {tail, 8}};
  iovec parts[3] = {{const_cast<char*>("12"), 2}, {nullptr, 0}, {const_cast<char*>("345"), 3}};
  EXPECT_EQ(writev(pair.b, parts, 3), 5);
  EXPECT_EQ(readv(pair.a, pieces, 2), 5);
  EXPECT_EQ(memcmp(head, "12", 2), 0);
  EXPECT_EQ(memcmp(tail, "345", 3), 0);

  // Many messages at once.
  const Pair messages = make_pair_of(SOCK_DGRAM);
  mmsghdr out[3] = {}, in[4] = {};
  iovec out_pieces[3], in_pieces[4];
  char texts[3][4] = {"a", "bb", "ccc"}, room[4][4];
  for (int i = 0; i < 3; ++i) {
    out_pieces[i] = {texts[i], static_cast<size_t>(i + 1)};
    out[i].msg_hdr.msg_iov = &out_pieces[i];
    out[i].msg_hdr.msg_iovlen = 1;
  }
  for (int i = 0; i < 4; ++i) {
    in_pieces[i] = {room[i], 2};
    in[i].msg_hdr.msg_iov = &in_pieces[i];
    in[i].msg_hdr.msg_iovlen = 1;
  }
  EXPECT_EQ(sendmmsg(messages.a, out, 3, 0), 3);
  EXPECT_EQ(out[2].msg_len, 3);
  EXPECT_EQ(recvmmsg(messages.b, in, 4, MSG_WAITFORONE, nullptr), 3);
  EXPECT_EQ(in[0].msg_len, 1);
  EXPECT_EQ(in[2].msg_len, 2);
  EXPECT((in[2].msg_hdr.msg_flags & MSG_TRUNC) != 0);
  EXPECT((in[1].msg_hdr.msg_flags & MSG_TRUNC) == 0);

  EXPECT_ERRNO(send(0x7000, "x", 1, 0), EBADF);
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_ERRNO(send(ends[1], "x", 1, 0), ENOTSOCK);
  EXPECT_ERRNO(send(pair.a, reinterpret_cast<void*>(16), 1, 0), EFAULT);
  return ok();
}
