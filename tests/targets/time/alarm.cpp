// alarm: delivers SIGALRM once, tells the seconds left, is not inherited by fork, survives exec
// only as the kernel says.
#include <signal.h>
#include <sys/time.h>

#include "expect.hpp"

static int volatile rings;

int main() {
  signal(SIGALRM, [](int) { rings = rings + 1; });
  EXPECT_EQ(alarm(1000), 0u);
  const pid_t child = start_child([] { EXPECT_EQ(alarm(0), 0u); });
  EXPECT_CHILD_OK(child);
  const unsigned left = alarm(500);
  EXPECT(left > 900 && left <= 1000);
  itimerval now;
  EXPECT_EQ(getitimer(ITIMER_REAL, &now), 0);
  EXPECT(now.it_value.tv_sec > 400 && now.it_value.tv_sec <= 500);
  EXPECT_EQ(now.it_interval.tv_sec + now.it_interval.tv_usec, 0);
  EXPECT(alarm(0) > 400);
  EXPECT_EQ(alarm(0), 0u);
  EXPECT_EQ(rings, 0);
  EXPECT_EQ(ualarm(3000, 0), 0u);
  pause();
  EXPECT_EQ(rings, 1);
  sleep_ms(5);
  EXPECT_EQ(rings, 1);
  // Without a handler it kills.
  const int status = status_of_child([] {
    signal(SIGALRM, SIG_DFL);
    ualarm(2000, 0);
    for (;;) sleep_ms(1000);
  });
  EXPECT(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGALRM);
  return ok();
}
