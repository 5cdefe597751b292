// Cleanup handlers of C programs run last pushed first on cancel and pthread_exit, and
// pthread_cleanup_pop(1) runs one now.
#include <pthread.h>
#include <stdint.h>

#include "expect.hpp"

static int order[8], count;
static void cleanup(void* argument) { order[count++] = (int)(intptr_t)argument; }

static void inner(void) {
  pthread_cleanup_push(cleanup, (void*)3);
  struct timespec forever = {1000, 0};
  nanosleep(&forever, NULL);
  pthread_cleanup_pop(0);
}

static void* work(void* argument) {
  pthread_cleanup_push(cleanup, (void*)1);
  pthread_cleanup_push(cleanup, (void*)9);
  pthread_cleanup_pop(1);
  pthread_cleanup_push(cleanup, (void*)8);
  pthread_cleanup_pop(0);
  pthread_cleanup_push(cleanup, (void*)2);
  if (argument) pthread_exit(argument);
  inner();
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return NULL;
}

int main(void) {
  pthread_t thread;
  void* value = NULL;
  EXPECT_EQ(pthread_create(&thread, NULL, work, NULL), 0);
  sleep_ms(3);
  EXPECT_EQ(pthread_cancel(thread), 0);
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT(value == PTHREAD_CANCELED);
  EXPECT_EQ(count, 4);
  const int expected[] = {9, 3, 2, 1};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(order[i], expected[i]);

  count = 0;
  EXPECT_EQ(pthread_create(&thread, NULL, work, order), 0);
  EXPECT_EQ(pthread_join(thread, &value), 0);
  EXPECT(value == order);
  EXPECT_EQ(count, 3);
  EXPECT_EQ(order[1], 2);
  EXPECT_EQ(order[2], 1);
  return ok();
}
