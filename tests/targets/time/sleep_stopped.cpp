// A process that is stopped while it sleeps goes on sleeping until its deadline, not from anew;
// one whose deadline passes meanwhile is done when it is continued.
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

#include "io/io.hpp"

namespace {

constexpr long long kMs = 1000000;

timespec after_ms(clockid_t clock, long long ms) {
  const long long when = now_ns(clock) + ms * kMs;
  return {when / (1000 * kMs), when % (1000 * kMs)};
}

// How long the wait took in a process that was stopped from 200 ms on, for `stopped_ms`.
template <typename Wait>
long long stopped_while(long long stopped_ms, Wait wait) {
  Pipe report;
  const pid_t child = start_child([&] {
    const auto start = now_ns(CLOCK_MONOTONIC);
    wait();
    const long long elapsed = now_ns(CLOCK_MONOTONIC) - start;
    EXPECT_EQ(write(report.write_end, &elapsed, sizeof elapsed), 8);
  });
  sleep_ms(200);
  kill(child, SIGSTOP);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
  EXPECT(WIFSTOPPED(status));
  sleep_ms(static_cast<int>(stopped_ms));
  kill(child, SIGCONT);
  long long elapsed;
  EXPECT_EQ(read(report.read_end, &elapsed, sizeof elapsed), 8);
  EXPECT_CHILD_OK(child);
  return elapsed;
}

template <typename Wait>
void stop_twice(Wait wait) {
  auto elapsed = stopped_while(100, wait);
  EXPECT(elapsed >= 600 * kMs && elapsed < 790 * kMs);
  elapsed = stopped_while(600, wait);
  EXPECT(elapsed >= 790 * kMs && elapsed < 1190 * kMs);
}

}  // namespace

int main() {
  stop_twice([] {
    const timespec time = {0, 600 * kMs};
    EXPECT_EQ(nanosleep(&time, nullptr), 0);
  });
  stop_twice([] {
    const auto deadline = after_ms(CLOCK_MONOTONIC, 600);
    EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr), 0);
  });
  stop_twice([] {  // a futex with an absolute deadline
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    const auto deadline = after_ms(CLOCK_REALTIME, 600);
    EXPECT_ERRNO(sem_timedwait(&semaphore, &deadline), ETIMEDOUT);
  });
  return ok();
}
