// timerfd: relative, absolute, past and periodic times; the count that a read gives; EAGAIN; poll
// and epoll see it; gettime counts down.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <cstdint>

#include "expect.hpp"

static uint64_t take(int fd) {
  uint64_t count = 0;
  EXPECT_EQ(read(fd, &count, sizeof count), 8);
  return count;
}

int main() {
  for (clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME}) {
    const int fd = timerfd_create(clock, TFD_CLOEXEC);
    EXPECT(fd >= 0);
    long long start = now_ns(clock);
    itimerspec when = {{0, 0}, {0, 3000000}}, left;
    EXPECT_EQ(timerfd_settime(fd, 0, &when, nullptr), 0);
    EXPECT_EQ(take(fd), 1u);
    EXPECT(now_ns(clock) - start >= 3000000);
    EXPECT_EQ(timerfd_gettime(fd, &left), 0);
    EXPECT_EQ(left.it_value.tv_nsec, 0);

    start = now_ns(clock);
    when.it_value = timespec_of_ns(start + 3000000);
    EXPECT_EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, nullptr), 0);
    pollfd item = {fd, POLLIN, 0};
    EXPECT_EQ(poll(&item, 1, 60000), 1);
    EXPECT(now_ns(clock) - start >= 3000000);
    EXPECT_EQ(item.revents, POLLIN);
    EXPECT_EQ(take(fd), 1u);
    EXPECT_EQ(poll(&item, 1, 0), 0);

    when.it_value = timespec_of_ns(1);
    EXPECT_EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, nullptr), 0);
    EXPECT_EQ(take(fd), 1u);

    start = now_ns(clock);
    when = {{0, 1000000}, {0, 1000000}};
    EXPECT_EQ(timerfd_settime(fd, 0, &when, nullptr), 0);
    sleep_ms(7);
    uint64_t count = take(fd);
    EXPECT(count >= 7);
    count += take(fd);
    EXPECT(now_ns(clock) - start >= static_cast<long long>(count) * 1000000);
    close(fd);
  }
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  const int epoll = epoll_create1(0);
  epoll_event event = {EPOLLIN, {.u32 = 12}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  uint64_t count;
  EXPECT_ERRNO(read(fd, &count, 8), EAGAIN);
  EXPECT_ERRNO(read(fd, &count, 4), EINVAL);
  itimerspec when = {{0, 2000000}, {0, 2000000}}, old;
  EXPECT_EQ(timerfd_settime(fd, 0, &when, nullptr), 0);
  for (int i = 0; i < 3; ++i) {
    epoll_event got = {};
    EXPECT_EQ(epoll_wait(epoll, &got, 1, 60000), 1);
    EXPECT_EQ(got.data.u32, 12u);
    EXPECT(take(fd) >= 1);
  }
  when = {};
  EXPECT_EQ(timerfd_settime(fd, 0, &when, &old), 0);
  EXPECT_EQ(old.it_interval.tv_nsec, 2000000);
  EXPECT_EQ(epoll_wait(epoll, &event, 1, 5), 0);
  EXPECT_ERRNO(timerfd_create(99, 0), EINVAL);
  return ok();
}
