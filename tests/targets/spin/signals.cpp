// Signals and spinning: a handler ends the spin of its thread; a handler that spins itself; a timer
// that ends one; and a thread that keeps spinning on after a handler which changed nothing.
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <xmmintrin.h>

#include <atomic>

#include "expect.hpp"

namespace {

std::atomic<int> caught, flag, entered, release;

void ends_it(int) { flag = 1; }
void counts(int) { ++caught; }
void spins(int) {
  entered = 1;
  while (release.load() == 0) _mm_pause();
}

void set_handler(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  EXPECT_EQ(sigaction(number, &action, nullptr), 0);
}

void* wait_for_flag(void*) {
  while (flag.load() == 0) _mm_pause();
  return nullptr;
}

}  // namespace

int main() {
  set_handler(SIGUSR1, ends_it);
  set_handler(SIGUSR2, counts);
  set_handler(SIGALRM, ends_it);
  set_handler(SIGHUP, spins);

  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, wait_for_flag, nullptr), 0);
  sleep_ms(2);
  EXPECT_EQ(pthread_kill(thread, SIGUSR2), 0);
  while (caught.load() == 0) sleep_ms(1);
  EXPECT_EQ(flag.load(), 0);
  EXPECT_EQ(pthread_kill(thread, SIGUSR1), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);

  flag = 0;
  itimerval timer = {{0, 0}, {0, 20000}};
  EXPECT_EQ(setitimer(ITIMER_REAL, &timer, nullptr), 0);
  while (flag.load() == 0) {
  }

  flag = 0;
  EXPECT_EQ(pthread_create(&thread, nullptr, wait_for_flag, nullptr), 0);
  EXPECT_EQ(pthread_kill(thread, SIGHUP), 0);
  while (entered.load() == 0) _mm_pause();
  sleep_ms(1);
  release = 1;
  flag = 1;
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
