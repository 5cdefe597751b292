// What is no file has a status too: pipes, sockets, devices, memory.
#include <sys/socket.h>

#include "file/file.hpp"

static void show(const char* what, int fd) {
  struct stat status;
  EXPECT_EQ(fstat(fd, &status), 0);
  OBS("%s ino %ld times %lld %lld %lld", what, static_cast<long>(status.st_ino),
      ns_of(status.st_atim), ns_of(status.st_mtim), ns_of(status.st_ctim));
  struct stat again;
  EXPECT_EQ(fstat(fd, &again), 0);
  EXPECT_EQ(again.st_ino, status.st_ino);
}

int main() {
  int ends[2], pair[2];
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  show("pipe", ends[0]);
  show("socket", pair[0]);
  struct stat one, other;
  EXPECT_EQ(fstat(ends[0], &one), 0);
  EXPECT_EQ(fstat(ends[1], &other), 0);
  EXPECT_EQ(one.st_ino, other.st_ino);
  const int null = open("/dev/null", O_RDWR);
  show("null", null);
  const std::string link = "/proc/self/fd/" + std::to_string(ends[0]);
  char text[64] = {};
  EXPECT(readlink(link.c_str(), text, sizeof text - 1) > 0);
  EXPECT_EQ(std::string(text), "pipe:[" + std::to_string(one.st_ino) + "]");
  OBS("%s", text);
  return ok();
}
