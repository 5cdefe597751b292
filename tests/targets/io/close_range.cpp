// close_range and close-on-exec; a program that closes everything goes on.
#include <linux/close_range.h>

#include "io/io.hpp"

int main() {
  Pipe pipe;
  std::vector<int> copies;
  for (int i = 0; i < 10; ++i) copies.push_back(fcntl(pipe.write_end, F_DUPFD, 100));
  std::thread closer([&] {
    sleep_ms(3);
    pipe.close_write();
    EXPECT_EQ(close_range(100, ~0u, 0), 0);
  });
  EXPECT_EQ(get(pipe.read_end), "");
  closer.join();
  EXPECT_ERRNO(close_range(5, 4, 0), EINVAL);

  EXPECT_EQ(close_range(50, 60, CLOSE_RANGE_CLOEXEC), 0);
  const pid_t child = start_child([&] {
    Pipe own;
    const int saved = dup2(own.write_end, 1);
    EXPECT_EQ(close_range(3, ~0u, CLOSE_RANGE_UNSHARE), 0);
    for (int fd = 3; fd < 1024; ++fd) close(fd);
    Pipe again;  // and all still works
    EXPECT_EQ(again.read_end, 3);
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      sleep_ms(2);
      put(again.write_end, "alive");
      _exit(saved == 1 ? 0 : 1);
    }
    EXPECT_EQ(get(again.read_end), "alive");
    EXPECT_CHILD_OK(grandchild);
    EXPECT_EQ(system("exit 3"), 3 << 8);
    own.read_end = own.write_end = -1;
  });
  EXPECT_CHILD_OK(child);
  return ok();
}
