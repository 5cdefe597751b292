// Duplicates and closing: dup2 over an end is a close of it, numbers are the lowest free ones,
// nothing of the sandbox shows among the descriptors.
#include <dirent.h>

#include "io/io.hpp"

static std::string open_numbers() {
  std::string numbers;
  for (int fd = 0; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) numbers += std::to_string(fd) + " ";
  }
  return numbers;
}

int main() {
  const auto at_start = open_numbers();
  const int lowest = dup(1);
  close(lowest);
  {
    Pipe pipe;
    EXPECT_EQ(pipe.read_end, lowest);
    std::thread replacer([&] {
      sleep_ms(3);
      EXPECT_EQ(dup2(1, pipe.write_end), pipe.write_end);
    });
    EXPECT_EQ(get(pipe.read_end), "");
    replacer.join();
  }
  {
    Pipe pipe, other;
    put(other.write_end, "other");
    put(pipe.write_end, "first");
    EXPECT_EQ(dup3(other.read_end, pipe.read_end, O_CLOEXEC), pipe.read_end);
    EXPECT_EQ(fcntl(pipe.read_end, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(get(pipe.read_end), "other");
    signal(SIGPIPE, SIG_IGN);
    EXPECT_ERRNO(write(pipe.write_end, "x", 1), EPIPE);
    EXPECT_EQ(dup2(other.write_end, other.write_end), other.write_end);
    EXPECT_ERRNO(dup3(1, 1, 0), EINVAL);
    EXPECT_ERRNO(dup2(999, 3), EBADF);
    EXPECT_ERRNO(dup2(1, 1 << 30), EBADF);
    EXPECT_EQ(fcntl(other.write_end, F_DUPFD_CLOEXEC, 77), 77);
    close(77);
  }
  EXPECT_ERRNO(close(77), EBADF);
  EXPECT_EQ(open_numbers(), at_start);
  return ok();
}
