// select and pselect: the three sets, the time that is left, descriptors beyond 64, errors.
#include <sys/select.h>

#include "io/io.hpp"

int main() {
  Pipe pipe, other;
  const int high = fcntl(pipe.read_end, F_DUPFD, 200);
  EXPECT_EQ(high, 200);
  fd_set to_read, to_write;
  const auto fill = [&] {
    FD_ZERO(&to_read);
    FD_ZERO(&to_write);
    FD_SET(high, &to_read);
    FD_SET(other.read_end, &to_read);
  };
  fill();
  timeval time = {0, 5000};
  EXPECT_EQ(select(201, &to_read, nullptr, nullptr, &time), 0);
  EXPECT(!FD_ISSET(high, &to_read));
  EXPECT_EQ(time.tv_usec, 0);
  EXPECT_EQ(time.tv_sec, 0);

  fill();
  std::thread writer([&] {
    sleep_ms(5);
    put(pipe.write_end, "x");
  });
  time = {100, 0};
  EXPECT_EQ(select(201, &to_read, nullptr, nullptr, &time), 1);
  EXPECT(FD_ISSET(high, &to_read));
  EXPECT(!FD_ISSET(other.read_end, &to_read));
  EXPECT(time.tv_sec >= 90 && time.tv_sec < 100);
  writer.join();

  fill();
  FD_SET(pipe.write_end, &to_write);
  EXPECT_EQ(select(201, &to_read, &to_write, nullptr, nullptr), 2);
  EXPECT(FD_ISSET(pipe.write_end, &to_write));

  fill();
  timespec zero = {0, 0};
  FD_CLR(high, &to_read);
  EXPECT_EQ(pselect(201, &to_read, nullptr, nullptr, &zero, nullptr), 0);
  time = {0, 2000};
  EXPECT_EQ(select(0, nullptr, nullptr, nullptr, &time), 0);
  EXPECT_ERRNO(select(-1, nullptr, nullptr, nullptr, &time), EINVAL);
  time = {-1, 0};
  EXPECT_ERRNO(select(0, nullptr, nullptr, nullptr, &time), EINVAL);
  close(high);
  fill();
  EXPECT_ERRNO(select(201, &to_read, nullptr, nullptr, nullptr), EBADF);
  return ok();
}
