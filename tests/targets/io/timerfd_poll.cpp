// timerfd in poll and epoll, with several timers in the order of their times, cancelled and set
// anew while somebody waits; not writable.
#include <sys/timerfd.h>

#include "io/io.hpp"

static void set(int fd, long ms, long interval_ms = 0) {
  itimerspec when = {timespec_of_ns(interval_ms * 1000000LL), timespec_of_ns(ms * 1000000LL)};
  EXPECT_EQ(timerfd_settime(fd, 0, &when, nullptr), 0);
}

int main() {
  const int epoll = epoll_create1(0);
  std::vector<int> timers;
  for (uint32_t i = 0; i < 20; ++i) {
    timers.push_back(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    epoll_event event = {EPOLLIN, {.u32 = i}};
    EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, timers.back(), &event), 0);
    set(timers.back(), 10 + static_cast<long>(i * 7 % 20) * 10);
  }
  long before = -1;
  for (int i = 0; i < 20; ++i) {
    epoll_event got;
    EXPECT_EQ(epoll_wait(epoll, &got, 1, -1), 1);
    const long rank = got.data.u32 * 7 % 20;
    EXPECT_EQ(rank, before + 1);
    before = rank;
    uint64_t count;
    EXPECT_EQ(read(timers[got.data.u32], &count, 8), 8);
    EXPECT_EQ(count, 1u);
  }
  EXPECT_EQ(poll_one(timers[0], POLLIN | POLLOUT, 0), 0);
  set(timers[0], 50);
  std::thread sooner([&] {
    sleep_ms(5);
    set(timers[0], 5);
  });
  const auto start = now_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(poll_one(timers[0], POLLIN, -1), POLLIN);
  EXPECT(now_ns(CLOCK_MONOTONIC) - start < 40000000);
  sooner.join();
  set(timers[0], 0);
  EXPECT_EQ(poll_one(timers[0], POLLIN, 60), 0);

  // Edge-triggered: only the first expiration after a read is an edge.
  epoll_event event = {EPOLLIN | EPOLLET, {.u32 = 1}}, got;
  const int edges = epoll_create1(0);
  EXPECT_EQ(epoll_ctl(edges, EPOLL_CTL_ADD, timers[1], &event), 0);
  set(timers[1], 5, 5);
  uint64_t count;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(epoll_wait(edges, &got, 1, 1000), 1);
    EXPECT_EQ(epoll_wait(edges, &got, 1, 20), 0);
    EXPECT_EQ(read(timers[1], &count, 8), 8);
    EXPECT(count >= 2);
  }
  EXPECT_ERRNO(write(timers[1], &count, 8), EINVAL);

  // Shared with a child.
  set(timers[2], 5);
  const pid_t child = start_child([&] {
    EXPECT_EQ(poll_one(timers[2], POLLIN, -1), POLLIN);
    uint64_t expirations;
    EXPECT_EQ(read(timers[2], &expirations, 8), 8);
  });
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(poll_one(timers[2], POLLIN, 0), 0);
  EXPECT_ERRNO(timerfd_create(99, 0), EINVAL);
  return ok();
}
