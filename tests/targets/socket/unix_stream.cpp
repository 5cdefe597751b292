// Unix stream sockets by path and abstract name: connecting, names, end of file, EPIPE, SIGPIPE.
#include "socket/socket.hpp"

static volatile sig_atomic_t pipes;

static void serve(const UnixName& name, const char* what) {
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(bind(listener, name.data(), name.length), 0);
  const int other = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_ERRNO(bind(other, name.data(), name.length), EADDRINUSE);
  EXPECT_ERRNO(connect(other, name.data(), name.length), ECONNREFUSED);
  EXPECT_EQ(close(other), 0);
  EXPECT_EQ(listen(listener, 4), 0);
  const pid_t child = start_child([&] {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(connect(fd, name.data(), name.length), 0);
    sockaddr_un peer;
    socklen_t length = sizeof peer;
    EXPECT_EQ(getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length), 0);
    EXPECT_EQ(length, name.length);
    EXPECT_EQ(memcmp(&peer, &name.address, length), 0);
    write_all(fd, "question");
    EXPECT_EQ(read_exactly(fd, 6), "answer");
    char byte;
    EXPECT_EQ(read(fd, &byte, 1), 0);
  });
  sockaddr_un from;
  socklen_t length = sizeof from;
  const int fd = accept(listener, reinterpret_cast<sockaddr*>(&from), &length);
  EXPECT(fd >= 0);
  EXPECT_EQ(length, sizeof(sa_family_t));  // the client has no name
  length = sizeof from;
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&from), &length), 0);
  EXPECT_EQ(length, name.length);
  EXPECT_EQ(read_exactly(fd, 8), "question");
  write_all(fd, "answer");
  EXPECT_EQ(shutdown(fd, SHUT_WR), 0);
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(close(fd), 0);
  EXPECT_EQ(close(listener), 0);
  OBS("%s", what);
}

int main() {
  const std::string path = "unix_stream." + std::to_string(getpid()) + ".sock";
  serve(path_name(path), "path");
  EXPECT_EQ(access(path.c_str(), F_OK), 0);  // the file stays
  EXPECT_EQ(unlink(path.c_str()), 0);
  serve(abstract_name("detsim-test-" + std::to_string(getpid())), "abstract");

  struct sigaction action = {};
  action.sa_handler = [](int) { pipes = pipes + 1; };
  EXPECT_EQ(sigaction(SIGPIPE, &action, nullptr), 0);
  Pair pair = make_pair_of(SOCK_STREAM);
  EXPECT_EQ(close(pair.b), 0);
  EXPECT_ERRNO(write(pair.a, "x", 1), EPIPE);
  EXPECT_EQ(pipes, 1);
  EXPECT_ERRNO(send(pair.a, "x", 1, MSG_NOSIGNAL), EPIPE);
  EXPECT_EQ(pipes, 1);
  EXPECT_EQ(close(pair.a), 0);

  // Closing with unread data is a reset at the other end.
  pair = make_pair_of(SOCK_STREAM);
  write_all(pair.a, "unread");
  EXPECT_EQ(close(pair.b), 0);
  char byte;
  EXPECT_ERRNO(read(pair.a, &byte, 1), ECONNRESET);
  EXPECT_EQ(read(pair.a, &byte, 1), 0);

  // What is larger than every buffer arrives whole.
  pair = make_pair_of(SOCK_STREAM);
  std::string large(3000000, 0);
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 + i / 1000);
  std::thread writer([&] { write_all(pair.a, large); });
  EXPECT(read_exactly(pair.b, large.size()) == large);
  writer.join();
  return ok();
}
