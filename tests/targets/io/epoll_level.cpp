// Level-triggered epoll: reported as long as it is ready; changes by MOD and DEL count at once.
#include "io/io.hpp"

int main() {
  Pipe pipe, other;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event = {EPOLLIN, {.u64 = 1}}, got[8];
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe.read_end, &event), 0);
  EXPECT_ERRNO(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe.read_end, &event), EEXIST);
  event.data.u64 = 2;
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, other.read_end, &event), 0);
  const auto start = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(epoll_wait(epoll, got, 8, 10), 0);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start >= 10000000);

  std::thread writer([&] {
    sleep_ms(3);
    put(other.write_end, "ab");
  });
  EXPECT_EQ(epoll_wait(epoll, got, 8, -1), 1);
  EXPECT_EQ(got[0].data.u64, 2u);
  EXPECT_EQ(get(other.read_end, 1), "a");
  EXPECT_EQ(epoll_wait(epoll, got, 8, -1), 1);
  EXPECT_EQ(got[0].events, EPOLLIN);
  EXPECT_EQ(get(other.read_end, 1), "b");
  EXPECT_EQ(epoll_wait(epoll, got, 8, 0), 0);
  writer.join();

  // Somebody waits already when something is added that is ready.
  Pipe third;
  put(third.write_end, "c");
  std::thread adder([&] {
    sleep_ms(3);
    epoll_event added = {EPOLLIN, {.u64 = 3}};
    EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, third.read_end, &added), 0);
  });
  EXPECT_EQ(epoll_wait(epoll, got, 8, -1), 1);
  EXPECT_EQ(got[0].data.u64, 3u);
  adder.join();
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_DEL, third.read_end, nullptr), 0);
  EXPECT_EQ(epoll_wait(epoll, got, 8, 0), 0);
  EXPECT_ERRNO(epoll_ctl(epoll, EPOLL_CTL_DEL, third.read_end, nullptr), ENOENT);

  event = {EPOLLOUT, {.u64 = 4}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe.write_end, &event), 0);
  EXPECT_EQ(epoll_wait(epoll, got, 8, -1), 1);
  EXPECT_EQ(got[0].data.u64, 4u);
  event.events = 0;
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_MOD, pipe.write_end, &event), 0);
  EXPECT_EQ(epoll_wait(epoll, got, 8, 2), 0);

  std::thread closer([&] {
    sleep_ms(3);
    pipe.close_write();
  });
  EXPECT_EQ(epoll_wait(epoll, got, 8, -1), 1);
  EXPECT_EQ(got[0].data.u64, 1u);
  EXPECT_EQ(got[0].events, EPOLLHUP);
  closer.join();
  EXPECT_ERRNO(epoll_wait(epoll, got, 0, 0), EINVAL);
  EXPECT_ERRNO(epoll_wait(pipe.read_end, got, 1, 0), EINVAL);
  timespec brief = {0, 1000000};
  pipe.close_read();
  EXPECT_EQ(epoll_pwait2(epoll, got, 8, &brief, nullptr), 0);
  return ok();
}
