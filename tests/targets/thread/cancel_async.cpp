// Asynchronous cancellation interrupts a wait that is no cancellation point: a raw futex.
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

static int word;
static int cleanups;
static void cleanup(void*) { ++cleanups; }

static void* work(void*) {
  EXPECT_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr), 0);
  pthread_cleanup_push(cleanup, nullptr);
  for (;;) syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  pthread_cleanup_pop(0);
  return nullptr;
}

int main() {
  for (int round = 0; round < 5; ++round) {
    cleanups = 0;
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
    sleep_ms(3);
    EXPECT_EQ(pthread_cancel(thread), 0);
    void* value = nullptr;
    EXPECT_EQ(pthread_join(thread, &value), 0);
    EXPECT(value == PTHREAD_CANCELED);
    EXPECT(cleanups <= 1);
  }
  return ok();
}
