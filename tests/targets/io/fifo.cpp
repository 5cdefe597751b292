// FIFOs: opening waits for the other end, whoever comes first; O_NONBLOCK and O_RDWR do not wait;
// signals end the wait.
#include <sys/stat.h>

#include "io/io.hpp"

int main() {
  char directory[] = "/tmp/io_fifo_XXXXXX";
  EXPECT(mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/fifo";
  EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto open_as = [&](int flags) { return open(path.c_str(), flags); };
  for (const bool reader_first : {true, false}) {
    std::thread writer([&] {
      if (reader_first) sleep_ms(5);
      const int fd = open_as(O_WRONLY);
      EXPECT(fd >= 0);
      EXPECT_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
      put(fd, "through");
      close(fd);
    });
    if (!reader_first) sleep_ms(5);
    const int fd = open_as(O_RDONLY);
    EXPECT(fd >= 0);
    EXPECT_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(get_all(fd), "through");
    writer.join();
    close(fd);
  }
  EXPECT_ERRNO(open_as(O_WRONLY | O_NONBLOCK), ENXIO);
  const int both = open_as(O_RDWR);
  const int reader = open_as(O_RDONLY), writer = open_as(O_WRONLY);
  put(both, "x");
  EXPECT_EQ(get(reader), "x");
  close(both), close(reader), close(writer);

  // Between processes, with a reader that does not wait.
  const int patient = open_as(O_RDONLY | O_NONBLOCK);
  char byte;
  EXPECT_EQ(read(patient, &byte, 1), 0);
  const pid_t child = start_child([&] {
    const int fd = open_as(O_WRONLY);
    sleep_ms(3);
    put(fd, "y");
  });
  EXPECT_EQ(poll_one(patient, POLLIN, -1) & POLLIN, POLLIN);
  EXPECT_EQ(get(patient, 1), "y");
  EXPECT_CHILD_OK(child);
  close(patient);

  // A pipe without a name and without writers, by its name in /proc: no wait.
  Pipe nameless;
  nameless.close_write();
  const auto name = "/proc/self/fd/" + std::to_string(nameless.read_end);
  const int again = open(name.c_str(), O_RDONLY);
  EXPECT_EQ(get(again), "");
  close(again);

  handle_signal(SIGUSR1, [](int) {});
  const pthread_t main_thread = pthread_self();
  std::thread killer([=] {
    sleep_ms(3);
    pthread_kill(main_thread, SIGUSR1);
    sleep_ms(3);
    pthread_kill(main_thread, SIGUSR1);
  });
  EXPECT_ERRNO(open_as(O_RDONLY), EINTR);
  EXPECT_ERRNO(open_as(O_WRONLY), EINTR);
  killer.join();
  unlink(path.c_str());
  rmdir(directory);
  return ok();
}
