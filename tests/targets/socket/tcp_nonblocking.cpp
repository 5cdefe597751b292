// Non-blocking TCP: connecting in progress, its success and its failure, poll.
#include "socket/socket.hpp"

static int error_of(int fd) {
  int error = -1;
  socklen_t length = sizeof error;
  EXPECT_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
  return error;
}

int main() {
  uint16_t port;
  const int listener = tcp_listener(port);
  set_nonblocking(listener);
  EXPECT_ERRNO(accept(listener, nullptr, nullptr), EAGAIN);
  EXPECT_EQ(poll_one(listener, POLLIN, 0), 0);

  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in name = inet_name(INADDR_LOOPBACK, port);
  const int begun = connect(fd, as_sockaddr(name), sizeof name);
  EXPECT(begun == 0 || errno == EINPROGRESS);
  EXPECT((poll_one(fd, POLLOUT, 1000) & POLLOUT) != 0);
  EXPECT_EQ(error_of(fd), 0);
  EXPECT_ERRNO(recv(fd, nullptr, 0, MSG_DONTWAIT | MSG_PEEK), EAGAIN);
  EXPECT((poll_one(listener, POLLIN, 1000) & POLLIN) != 0);
  const int server = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  EXPECT(server >= 0);
  EXPECT((fcntl(server, F_GETFL) & O_NONBLOCK) != 0);
  char buffer[8];
  EXPECT_ERRNO(read(server, buffer, 8), EAGAIN);
  EXPECT_EQ(write(fd, "abc", 3), 3);
  EXPECT((poll_one(server, POLLIN, 1000) & POLLIN) != 0);
  EXPECT_EQ(read(server, buffer, 8), 3);

  // Nobody reads: at some time there is no more room, and later there is again.
  const std::string block(65536, 'x');
  size_t sent = 0;
  for (;;) {
    const ssize_t result = write(server, block.data(), block.size());
    if (result < 0) break;
    sent += static_cast<size_t>(result);
  }
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(poll_one(server, POLLOUT, 0), 0);
  std::thread reader([&] {
    for (size_t left = sent; left > 0;) {
      char some[65536];
      EXPECT((poll_one(fd, POLLIN, 5000) & POLLIN) != 0);
      const ssize_t result = read(fd, some, sizeof some);
      EXPECT(result > 0);
      left -= static_cast<size_t>(result);
    }
  });
  EXPECT((poll_one(server, POLLOUT, 60000) & POLLOUT) != 0);
  reader.join();
  EXPECT_EQ(close(server), 0);
  EXPECT((poll_one(fd, POLLIN | POLLRDHUP, 1000) & (POLLIN | POLLRDHUP)) == (POLLIN | POLLRDHUP));
  EXPECT_EQ(close(listener), 0);

  const int refused = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (connect(refused, as_sockaddr(name), sizeof name) == -1 && errno == EINPROGRESS) {
    EXPECT((poll_one(refused, POLLOUT, 1000) & POLLHUP) != 0);
    EXPECT_EQ(error_of(refused), ECONNREFUSED);
  }
  return ok();
}
