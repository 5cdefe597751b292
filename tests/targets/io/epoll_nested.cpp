// Epoll in epoll, epoll in poll; an instance outlives a duplicate; closing takes a member out.
#include "io/io.hpp"

int main() {
  Pipe pipe;
  const int inner = epoll_create1(0), middle = epoll_create1(0), outer = epoll_create1(0);
  epoll_event event = {EPOLLIN, {.u32 = 1}}, got;
  EXPECT_EQ(epoll_ctl(inner, EPOLL_CTL_ADD, pipe.read_end, &event), 0);
  event.data.u32 = 2;
  EXPECT_EQ(epoll_ctl(middle, EPOLL_CTL_ADD, inner, &event), 0);
  event.data.u32 = 3;
  EXPECT_EQ(epoll_ctl(outer, EPOLL_CTL_ADD, middle, &event), 0);
  EXPECT_ERRNO(epoll_ctl(inner, EPOLL_CTL_ADD, outer, &event), ELOOP);
  EXPECT_EQ(epoll_wait(outer, &got, 1, 2), 0);
  std::thread writer([&] {
    sleep_ms(3);
    put(pipe.write_end, "x");
  });
  EXPECT_EQ(epoll_wait(outer, &got, 1, -1), 1);
  EXPECT_EQ(got.data.u32, 3u);
  writer.join();
  EXPECT_EQ(epoll_wait(inner, &got, 1, -1), 1);
  EXPECT_EQ(got.data.u32, 1u);
  EXPECT_EQ(get(pipe.read_end), "x");
  writer = std::thread([&] {
    sleep_ms(3);
    put(pipe.write_end, "y");
  });
  EXPECT_EQ(poll_one(middle, POLLIN, -1), POLLIN);
  writer.join();
  EXPECT_EQ(get(pipe.read_end), "y");

  const int copy = dup(inner);
  close(inner);
  writer = std::thread([&] {
    sleep_ms(3);
    put(pipe.write_end, "z");
  });
  EXPECT_EQ(epoll_wait(copy, &got, 1, -1), 1);
  writer.join();
  pipe.close_read();
  EXPECT_EQ(epoll_wait(copy, &got, 1, 2), 0);
  return ok();
}
