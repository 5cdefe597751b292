// A thread cancels itself: it goes on until its next cancellation point, or ends at once when
// asynchronous.
#include <pthread.h>

#include "expect.hpp"

static int stage;
static void* deferred(void*) {
  EXPECT_EQ(pthread_cancel(pthread_self()), 0);
  stage = 1;
  pthread_testcancel();
  stage = 2;
  return nullptr;
}
static void* asynchronous(void*) {
  EXPECT_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr), 0);
  pthread_cancel(pthread_self());
  stage = 3;
  return nullptr;
}

int main() {
  void* value = nullptr;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, deferred, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT(value == PTHREAD_CANCELED);
  EXPECT_EQ(stage, 1);
  EXPECT_EQ(pthread_create(&thread, nullptr, asynchronous, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT(value == PTHREAD_CANCELED);
  EXPECT_EQ(stage, 1);
  return ok();
}
