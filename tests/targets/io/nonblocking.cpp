// O_NONBLOCK: EAGAIN instead of waiting, short writes, set and cleared by fcntl and FIONBIO.
#include <sys/ioctl.h>

#include "io/io.hpp"

int main() {
  Pipe pipe(O_NONBLOCK);
  char byte;
  EXPECT_ERRNO(read(pipe.read_end, &byte, 1), EAGAIN);
  const std::string big(100000, 'x');
  EXPECT_EQ(write(pipe.write_end, big.data(), big.size()), 65536);
  EXPECT_ERRNO(write(pipe.write_end, "x", 1), EAGAIN);
  int available = 0;
  EXPECT_EQ(ioctl(pipe.read_end, FIONREAD, &available), 0);
  EXPECT_EQ(available, 65536);
  EXPECT_EQ(get(pipe.read_end, 100).size(), 100u);
  EXPECT_ERRNO(write(pipe.write_end, big.data(), 4096), EAGAIN);
  while (read(pipe.read_end, std::string(65536, 0).data(), 65536) > 0) {
  }
  EXPECT_EQ(errno, EAGAIN);

  int off = 0, on = 1;
  EXPECT_EQ(ioctl(pipe.read_end, FIONBIO, &off), 0);
  EXPECT_EQ(fcntl(pipe.read_end, F_GETFL) & O_NONBLOCK, 0);
  std::thread writer([&] {
    sleep_ms(3);
    put(pipe.write_end, "y");
  });
  EXPECT_EQ(get(pipe.read_end), "y");
  writer.join();
  EXPECT_EQ(ioctl(pipe.read_end, FIONBIO, &on), 0);
  EXPECT_ERRNO(read(pipe.read_end, &byte, 1), EAGAIN);

  // Who polls without waiting does not keep others from running.
  std::thread late([&] {
    sleep_ms(20);
    put(pipe.write_end, "z");
  });
  while (read(pipe.read_end, &byte, 1) != 1) EXPECT_EQ(errno, EAGAIN);
  late.join();

  const int event = eventfd(0, EFD_NONBLOCK);
  uint64_t value;
  EXPECT_ERRNO(read(event, &value, 8), EAGAIN);
  return ok();
}
