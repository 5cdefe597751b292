// A signal handler interrupts an endless FUTEX_WAIT with EINTR unless SA_RESTART, and a timed one
// always.
#include <signal.h>

#include "futex/futex.hpp"

static int word;
static int volatile handled, changes_word;
static void on_signal(int) {
  handled = handled + 1;
  word = changes_word;
}

struct Sender {
  pthread_t target;
  int delay_ms;
};
static void* send(void* argument) {
  const auto* sender = static_cast<Sender*>(argument);
  sleep_ms(sender->delay_ms);
  EXPECT_EQ(pthread_kill(sender->target, SIGUSR1), 0);
  return nullptr;
}
static void* wake_later(void*) {
  while (!handled) sleep_ms(1);
  wake_exactly(&word, FUTEX_WAKE_PRIVATE, 1);
  return nullptr;
}

int main() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  Sender sender{pthread_self(), 2};
  pthread_t thread, waker;

  EXPECT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  changes_word = 1;
  EXPECT_EQ(pthread_create(&thread, nullptr, send, &sender), 0);
  // Should the signal come before the wait, the word has changed.
  EXPECT_EQ(futex(&word, FUTEX_WAIT_PRIVATE, 0), -1);
  EXPECT(errno == EINTR || errno == EAGAIN);
  OBS("endless wait ended with %s", strerrorname_np(errno));
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(handled, 1);

  word = 0;
  changes_word = 0;
  handled = 0;
  action.sa_flags = SA_RESTART;
  EXPECT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  EXPECT_EQ(pthread_create(&thread, nullptr, send, &sender), 0);
  EXPECT_EQ(pthread_create(&waker, nullptr, wake_later, nullptr), 0);
  EXPECT_EQ(futex(&word, FUTEX_WAIT_PRIVATE, 0), 0);
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(pthread_join(waker, nullptr), 0);

  handled = 0;
  const long long start = now_ns(CLOCK_MONOTONIC);
  timespec limit = {0, 10000000};
  EXPECT_EQ(pthread_create(&thread, nullptr, send, &sender), 0);
  EXPECT_EQ(futex(&word, FUTEX_WAIT_PRIVATE, 0, &limit), -1);
  const int error = errno;
  const long long elapsed = now_ns(CLOCK_MONOTONIC) - start;
  EXPECT((error == ETIMEDOUT && elapsed >= 10000000) || error == EINTR);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(handled, 1);
  OBS("timed wait ended with %s", strerrorname_np(error));
  return ok();
}
