// A process that is stopped while it polls goes on waiting for what was left, not from anew;
// epoll_wait ends with EINTR.
#include <sys/select.h>

#include "io/io.hpp"

template <typename Wait>
static long long stopped_for_a_while(Wait wait) {
  Pipe report;
  const pid_t child = start_child([&] {
    const auto start = now_ns(CLOCK_MONOTONIC);
    wait();
    const long long elapsed = now_ns(CLOCK_MONOTONIC) - start;
    EXPECT_EQ(write(report.write_end, &elapsed, sizeof elapsed), 8);
  });
  sleep_ms(200);
  kill(child, SIGSTOP);
  sleep_ms(100);
  kill(child, SIGCONT);
  long long elapsed;
  EXPECT_EQ(read(report.read_end, &elapsed, sizeof elapsed), 8);
  EXPECT_CHILD_OK(child);
  return elapsed;
}

int main() {
  auto elapsed = stopped_for_a_while([] { EXPECT_EQ(poll(nullptr, 0, 600), 0); });
  EXPECT(elapsed >= 600000000 && elapsed < 750000000);
  elapsed = stopped_for_a_while([] {
    timeval time = {0, 600000};
    EXPECT_EQ(select(0, nullptr, nullptr, nullptr, &time), 0);
  });
  EXPECT(elapsed >= 600000000 && elapsed < 750000000);
  elapsed = stopped_for_a_while([] {
    epoll_event event;
    EXPECT_ERRNO(epoll_wait(epoll_create1(0), &event, 1, 600), EINTR);
  });
  EXPECT(elapsed < 600000000);
  return ok();
}
