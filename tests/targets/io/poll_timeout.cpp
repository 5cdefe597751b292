// poll waits as long as it says when nothing comes, and not a moment when something does.
#include "io/io.hpp"

int main() {
  Pipe pipe;
  auto start = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(poll_one(pipe.read_end, POLLIN, 30), 0);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 30000000);
  start = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(poll(nullptr, 0, 10), 0);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 10000000);
  EXPECT_EQ(poll_one(pipe.write_end, POLLOUT, -1), POLLOUT);
  EXPECT_EQ(poll_one(pipe.read_end, POLLIN, 0), 0);

  std::thread writer([&] {
    sleep_ms(5);
    put(pipe.write_end, "x");
  });
  start = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(poll_one(pipe.read_end, POLLIN, 10000), POLLIN);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start < 5000000000);
  writer.join();

  timespec half = {0, 5000000};
  pollfd item = {pipe.write_end, POLLIN, 0};
  EXPECT_EQ(ppoll(&item, 1, &half, nullptr), 0);
  half.tv_nsec = 1000000000;
  EXPECT_ERRNO(ppoll(&item, 1, &half, nullptr), EINVAL);
  EXPECT_ERRNO(poll(reinterpret_cast<pollfd*>(8), 1, 0), EFAULT);
  return ok();
}
