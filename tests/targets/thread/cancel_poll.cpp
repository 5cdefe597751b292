// Cancellation in poll, ppoll, select, pselect and epoll_wait.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "thread/cancel.hpp"

static int channel[2], epoll;

static void do_poll() {
  pollfd item = {channel[0], POLLIN, 0};
  poll(&item, 1, -1);
}
static void do_ppoll() {
  pollfd item = {channel[0], POLLIN, 0};
  timespec limit = {1000, 0};
  ppoll(&item, 1, &limit, nullptr);
}
static void do_select() {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(channel[0], &set);
  select(channel[0] + 1, &set, nullptr, nullptr, nullptr);
}
static void do_pselect() {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(channel[0], &set);
  timespec limit = {1000, 0};
  pselect(channel[0] + 1, &set, nullptr, nullptr, &limit, nullptr);
}
static void do_epoll_wait() {
  epoll_event event;
  epoll_wait(epoll, &event, 1, -1);
}

int main() {
  EXPECT_EQ(pipe(channel), 0);
  epoll = epoll_create1(0);
  EXPECT(epoll >= 0);
  epoll_event event = {EPOLLIN, {}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, channel[0], &event), 0);
  expect_cancelled<do_poll>();
  expect_cancelled<do_ppoll>();
  expect_cancelled<do_select>();
  expect_cancelled<do_pselect>();
  expect_cancelled<do_epoll_wait>();
  return ok();
}
