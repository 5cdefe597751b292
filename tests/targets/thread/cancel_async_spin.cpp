// Asynchronous cancellation of a thread that does nothing but spin on a flag.
#include <pthread.h>

#include "expect.hpp"

static volatile int started, flag;

static void* work(void*) {
  EXPECT_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr), 0);
  started = 1;
  while (!flag) __builtin_ia32_pause();
  return nullptr;
}

int main() {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  while (!started) sleep_ms(1);
  EXPECT_EQ(pthread_cancel(thread), 0);
  void* value = nullptr;
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT(value == PTHREAD_CANCELED);
  return ok();
}
