// Pids that sockets tell are those that getpid tells: SO_PEERCRED and SCM_CREDENTIALS.
#include "socket/socket.hpp"

static pid_t peer_of(int fd) {
  ucred credentials;
  socklen_t length = sizeof credentials;
  EXPECT_EQ(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length), 0);
  EXPECT_EQ(length, sizeof credentials);
  EXPECT_EQ(credentials.uid, getuid());
  return credentials.pid;
}

static void send_credentials(int fd, pid_t pid, int error) {
  char byte = 'c';
  iovec piece = {&byte, 1};
  alignas(8) char control[CMSG_SPACE(sizeof(ucred))] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  *header = {CMSG_LEN(sizeof(ucred)), SOL_SOCKET, SCM_CREDENTIALS};
  const ucred mine = {pid, getuid(), getgid()};
  memcpy(CMSG_DATA(header), &mine, sizeof mine);
  if (error != 0) {
    EXPECT_EQ(sendmsg(fd, &message, 0), -1);
    EXPECT(errno == error || errno == EPERM);
  } else {
    EXPECT_EQ(sendmsg(fd, &message, 0), 1);
  }
}

static pid_t receive_credentials(int fd) {
  char byte;
  iovec piece = {&byte, 1};
  alignas(8) char control[CMSG_SPACE(sizeof(ucred))] = {};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  EXPECT_EQ(recvmsg(fd, &message, 0), 1);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  EXPECT(header != nullptr);
  EXPECT_EQ(header->cmsg_type, SCM_CREDENTIALS);
  ucred credentials;
  memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
  EXPECT_EQ(credentials.uid, getuid());
  return credentials.pid;
}

int main() {
  const pid_t parent = getpid();
  const UnixName name = abstract_name("credentials-" + std::to_string(parent));
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(bind(listener, name.data(), name.length), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  const pid_t child = start_child([&] {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(connect(fd, name.data(), name.length), 0);
    EXPECT_EQ(peer_of(fd), parent);
    write_all(fd, "x");
    send_credentials(fd, getpid(), 0);
    send_credentials(fd, 77777777, ESRCH);
    EXPECT_EQ(read_exactly(fd, 1), "y");
  });
  const int fd = accept(listener, nullptr, nullptr);
  EXPECT(fd >= 0);
  EXPECT_EQ(peer_of(fd), child);
  EXPECT_EQ(read_exactly(fd, 1), "x");
  const int on = 1;
  EXPECT_EQ(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
  EXPECT_EQ(receive_credentials(fd), child);
  write_all(fd, "y");
  EXPECT_CHILD_OK(child);

  const Pair pair = make_pair_of(SOCK_STREAM);
  EXPECT_EQ(peer_of(pair.a), parent);
  EXPECT_EQ(setsockopt(pair.b, SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
  const pid_t sender = start_child([&] { write_all(pair.a, "z"); });
  EXPECT_EQ(receive_credentials(pair.b), sender);
  EXPECT_CHILD_OK(sender);
  return ok();
}
