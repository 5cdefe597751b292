// ppoll, pselect and epoll_pwait swap the signal mask atomically: a signal that is blocked outside
// of them comes within them only, and the old mask is back afterwards.
#include <sys/select.h>

#include "io/io.hpp"

static volatile int hits;

static bool is_blocked(int number) {
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return sigismember(&now, number);
}

int main() {
  handle_signal(
      SIGUSR1, [](int) { hits = hits + 1; }, SA_RESTART);
  const auto blocked = signals_of({SIGUSR1});
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, nullptr), 0);
  sigset_t none;
  sigemptyset(&none);
  Pipe pipe;
  pollfd item = {pipe.read_end, POLLIN, 0};
  const pthread_t main_thread = pthread_self();

  raise(SIGUSR1);  // pending before
  EXPECT_EQ(hits, 0);
  EXPECT_ERRNO(ppoll(&item, 1, nullptr, &none), EINTR);
  EXPECT_EQ(hits, 1);
  EXPECT(is_blocked(SIGUSR1));

  std::thread killer([&] {  // comes within
    for (int i = 0; i < 2; ++i) {
      sleep_ms(3);
      pthread_kill(main_thread, SIGUSR1);
    }
  });
  EXPECT_ERRNO(ppoll(&item, 1, nullptr, &none), EINTR);
  EXPECT_EQ(hits, 2);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipe.read_end, &set);
  EXPECT_ERRNO(pselect(pipe.read_end + 1, &set, nullptr, nullptr, nullptr, &none), EINTR);
  EXPECT_EQ(hits, 3);
  killer.join();

  const int epoll = epoll_create1(0);
  epoll_event event = {EPOLLIN, {.u32 = 9}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe.read_end, &event), 0);
  raise(SIGUSR1);
  EXPECT_ERRNO(epoll_pwait(epoll, &event, 1, -1, &none), EINTR);
  EXPECT_EQ(hits, 4);
  EXPECT(is_blocked(SIGUSR1));

  // Ready at once: the signal stays pending.
  put(pipe.write_end, "x");
  raise(SIGUSR1);
  EXPECT_EQ(ppoll(&item, 1, nullptr, &none), 1);
  EXPECT_EQ(hits, 4);
  EXPECT_EQ(epoll_pwait(epoll, &event, 1, -1, &none), 1);
  EXPECT_EQ(event.data.u32, 9u);
  EXPECT_EQ(hits, 4);
  EXPECT(is_blocked(SIGUSR1));
  return ok();
}
