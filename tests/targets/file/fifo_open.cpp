// Opening a FIFO waits for the other side, whoever comes first; with O_NONBLOCK it does not.
#include <signal.h>

#include <thread>

#include "file/file.hpp"

static void on_alarm(int) {}

int main() {
  const Directory directory;
  EXPECT_EQ(mkfifo("fifo", 0600), 0);
  for (int round = 0; round < 6; ++round) {
    std::thread writer([round] {
      if (round % 2 == 0) sleep_ms(10);
      const int fd = open("fifo", O_WRONLY);
      EXPECT(fd >= 0);
      EXPECT_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
      EXPECT_EQ(write(fd, "word", 4), 4);
      close(fd);
    });
    if (round % 2 == 1) sleep_ms(10);
    EXPECT_EQ(read_file("fifo"), std::string("word"));
    writer.join();
  }
  EXPECT_CHILD_OK(start_child([] {
    const pid_t reader = start_child([] { EXPECT_EQ(read_file("fifo"), std::string("x")); });
    write_file("fifo", "x", 0);
    EXPECT_CHILD_OK(reader);
  }));
  EXPECT_ERRNO(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
  const int reader = open("fifo", O_RDONLY | O_NONBLOCK);
  EXPECT(reader >= 0);
  const int writer = open("fifo", O_WRONLY);
  EXPECT(writer >= 0);
  EXPECT_EQ(write(writer, "y", 1), 1);
  const int both = open("fifo", O_RDWR);
  EXPECT(both >= 0);
  char byte;
  EXPECT_EQ(read(both, &byte, 1), 1);
  close(both);
  close(reader);
  close(writer);
  struct sigaction action = {};
  action.sa_handler = on_alarm;
  EXPECT_EQ(sigaction(SIGALRM, &action, nullptr), 0);
  alarm(1);
  EXPECT_ERRNO(open("fifo", O_RDONLY), EINTR);
  alarm(1);
  EXPECT_ERRNO(open("fifo", O_WRONLY), EINTR);
  return ok();
}
