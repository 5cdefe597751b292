// Beyond RLIMIT_SIGPENDING sigqueue says EAGAIN and nothing was sent; kill still makes a real-time
// signal pending, and standard signals always arrive.
#include <sys/resource.h>

#include "signal/signal.hpp"

int main() {
  constexpr int kRoom = 20;
  block({SIGRTMIN, SIGRTMIN + 1, SIGUSR1});
  // Those of the same user's other processes count too: ask for what leaves some room.
  rlimit limit = {kRoom, kRoom};
  EXPECT_EQ(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
  int sent = 0;
  sigval value;
  for (;; ++sent) {
    value.sival_int = sent;
    if (sigqueue(getpid(), SIGRTMIN, value) != 0) break;
    EXPECT(sent < kRoom);
  }
  EXPECT_EQ(errno, EAGAIN);
  EXPECT(sent > 0);
  EXPECT_EQ(kill(getpid(), SIGRTMIN + 1), 0);
  EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
  const sigset_t set = set_of({SIGRTMIN, SIGRTMIN + 1, SIGUSR1});
  siginfo_t info;
  const timespec now = {};
  EXPECT_EQ(sigtimedwait(&set, &info, &now), SIGUSR1);
  for (int i = 0; i < sent; ++i) {
    EXPECT_EQ(sigtimedwait(&set, &info, &now), SIGRTMIN);
    EXPECT_EQ(info.si_value.sival_int, i);
  }
  EXPECT_EQ(sigtimedwait(&set, &info, &now), SIGRTMIN + 1);
  EXPECT_ERRNO(sigtimedwait(&set, &info, &now), EAGAIN);
  EXPECT_EQ(sigqueue(getpid(), SIGRTMIN, value), 0);
  return ok();
}
