// C11 threads: create, join with result, detach, exit, sleep, yield, identity.
#include <threads.h>

#include "expect.hpp"

static thrd_t creator;
static int work(void* argument) {
  EXPECT(!thrd_equal(thrd_current(), creator));
  struct timespec pause = {0, 1000000};
  EXPECT_EQ(thrd_sleep(&pause, NULL), 0);
  thrd_yield();
  if (*(int*)argument == 7) thrd_exit(70);
  return *(int*)argument;
}

int main(void) {
  creator = thrd_current();
  int values[4] = {5, 6, 7, -8};
  thrd_t threads[4];
  for (int i = 0; i < 4; ++i) EXPECT_EQ(thrd_create(&threads[i], work, &values[i]), thrd_success);
  const int expected[4] = {5, 6, 70, -8};
  for (int i = 0; i < 4; ++i) {
    int result = 0;
    EXPECT_EQ(thrd_join(threads[i], &result), thrd_success);
    EXPECT_EQ(result, expected[i]);
  }
  static int lasting = 1;
  EXPECT_EQ(thrd_create(&threads[0], work, &lasting), thrd_success);
  EXPECT_EQ(thrd_detach(threads[0]), thrd_success);
  return ok();
}
