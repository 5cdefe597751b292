// pthread_exit from main leaves the other threads running; the process ends with status 0 when
// the last one returns, and atexit handlers run in that thread.
#include <pthread.h>
#include <unistd.h>

#include "expect.hpp"

static pthread_t main_thread;
static long last_thread;

static void at_exit() {
  if (gettid() != last_thread) _exit(3);
  ok();
}

static void* work(void*) {
  EXPECT_EQ(pthread_join(main_thread, nullptr), 0);
  EXPECT(gettid() != getpid());
  last_thread = gettid();
  sleep_ms(2);
  return nullptr;
}

int main() {
  main_thread = pthread_self();
  EXPECT_EQ(atexit(at_exit), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  pthread_exit(nullptr);
}
