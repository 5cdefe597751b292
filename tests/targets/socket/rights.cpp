// SCM_RIGHTS: descriptors of several kinds arrive in another process and work there.
#include <sys/eventfd.h>

#include "socket/socket.hpp"

static void pass(int through, const std::vector<int>& fds) {
  char byte = 'r';
  iovec piece = {&byte, 1};
  alignas(8) char control[CMSG_SPACE(sizeof(int) * 8)] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
  memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  EXPECT_EQ(sendmsg(through, &message, 0), 1);
}

static std::vector<int> take(int through, size_t count) {
  char byte = 0;
  iovec piece = {&byte, 1};
  alignas(8) char control[CMSG_SPACE(sizeof(int) * 8)] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  EXPECT_EQ(recvmsg(through, &message, MSG_CMSG_CLOEXEC), 1);
  EXPECT_EQ(byte, 'r');
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  EXPECT(header != nullptr);
  EXPECT_EQ(header->cmsg_type, SCM_RIGHTS);
  EXPECT_EQ(header->cmsg_len, CMSG_LEN(sizeof(int) * count));
  std::vector<int> fds(count);
  memcpy(fds.data(), CMSG_DATA(header), sizeof(int) * count);
  for (const int fd : fds) EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  return fds;
}

int main() {
  const Pair through = make_pair_of(SOCK_STREAM), talk = make_pair_of(SOCK_STREAM);
  const pid_t child = start_child([&] {
    EXPECT_EQ(close(through.a), 0);
    EXPECT_EQ(close(talk.a), 0);
    EXPECT_EQ(close(talk.b), 0);
    const std::vector<int> fds = take(through.b, 3);
    EXPECT_EQ(read_exactly(fds[0], 5), "hello");  // waits for its writer
    write_all(fds[1], "through a passed socket");
    uint64_t value;
    EXPECT_EQ(read(fds[2], &value, sizeof value), sizeof value);
    EXPECT_EQ(value, 5);
    EXPECT_EQ(read_exactly(fds[1], 4), "done");
  });
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const int event = eventfd(0, 0);
  pass(through.a, {ends[0], talk.b, event});
  EXPECT_EQ(close(ends[0]), 0);
  EXPECT_EQ(close(talk.b), 0);
  sleep_ms(2);
  write_all(ends[1], "hello");
  EXPECT_EQ(read_exactly(talk.a, 23), "through a passed socket");
  sleep_ms(2);
  const uint64_t five = 5;
  EXPECT_EQ(write(event, &five, sizeof five), sizeof five);
  write_all(talk.a, "done");
  EXPECT_CHILD_OK(child);
  char byte;
  EXPECT_EQ(read(talk.a, &byte, 1), 0);  // the last descriptor of the other end is gone

  // A wrong descriptor passes nothing.
  iovec piece = {&byte, 1};
  alignas(8) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  *header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
  const int wrong = 999;
  memcpy(CMSG_DATA(header), &wrong, sizeof wrong);
  EXPECT_ERRNO(sendmsg(through.a, &message, 0), EBADF);
  return ok();
}
