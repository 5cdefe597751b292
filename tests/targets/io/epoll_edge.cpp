// Edge-triggered and one-shot: once per change, once per arming.
#include "io/io.hpp"

int main() {
  Pipe pipe(O_NONBLOCK);
  const int epoll = epoll_create1(0);
  epoll_event event = {EPOLLIN | EPOLLET, {.u32 = 1}}, got;
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe.read_end, &event), 0);
  put(pipe.write_end, "abc");
  EXPECT_EQ(epoll_wait(epoll, &got, 1, -1), 1);
  EXPECT_EQ(epoll_wait(epoll, &got, 1, 2), 0);  // still readable, but that is old
  std::thread writer([&] {
    sleep_ms(3);
    put(pipe.write_end, "d");
  });
  EXPECT_EQ(epoll_wait(epoll, &got, 1, -1), 1);
  writer.join();
  EXPECT_EQ(get(pipe.read_end), "abcd");
  EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 0);

  event.events = EPOLLIN | EPOLLONESHOT;
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_MOD, pipe.read_end, &event), 0);
  put(pipe.write_end, "e");
  EXPECT_EQ(epoll_wait(epoll, &got, 1, -1), 1);
  EXPECT_EQ(get(pipe.read_end), "e");
  put(pipe.write_end, "f");
  EXPECT_EQ(epoll_wait(epoll, &got, 1, 2), 0);
  std::thread arming([&] {
    sleep_ms(3);
    EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_MOD, pipe.read_end, &event), 0);
  });
  EXPECT_EQ(epoll_wait(epoll, &got, 1, -1), 1);
  arming.join();

  // An eventfd: every write is an edge.
  const int counter = eventfd(0, 0);
  event = {EPOLLIN | EPOLLET, {.u32 = 2}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event), 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(eventfd_write(counter, 1), 0);
    EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 1);
    EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 0);
  }
  return ok();
}
