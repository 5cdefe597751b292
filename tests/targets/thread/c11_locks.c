// C11 mtx, cnd, tss and call_once.
#include <threads.h>

#include "expect.hpp"

static mtx_t plain, timed, recursive;
static cnd_t condition;
static tss_t key;
static once_flag flag = ONCE_FLAG_INIT;
static int counter, go, once_runs, destroyed;

static void destroy(void* value) {
  EXPECT(value == &key);
  __atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST);
}
static void once(void) { ++once_runs; }

static int work(void* argument) {
  (void)argument;
  call_once(&flag, once);
  EXPECT_EQ(tss_set(key, &key), thrd_success);
  EXPECT_EQ(mtx_lock(&plain), thrd_success);
  while (!go) EXPECT_EQ(cnd_wait(&condition, &plain), thrd_success);
  const int seen = counter;
  thrd_yield();
  counter = seen + 1;
  EXPECT_EQ(mtx_unlock(&plain), thrd_success);
  EXPECT(tss_get(key) == &key);
  return 0;
}

int main(void) {
  EXPECT_EQ(mtx_init(&plain, mtx_plain), thrd_success);
  EXPECT_EQ(mtx_init(&timed, mtx_timed), thrd_success);
  EXPECT_EQ(mtx_init(&recursive, mtx_plain | mtx_recursive), thrd_success);
  EXPECT_EQ(cnd_init(&condition), thrd_success);
  EXPECT_EQ(tss_create(&key, destroy), thrd_success);
  thrd_t threads[5];
  for (int i = 0; i < 5; ++i) EXPECT_EQ(thrd_create(&threads[i], work, NULL), thrd_success);
  thrd_yield();
  mtx_lock(&plain);
  go = 1;
  EXPECT_EQ(cnd_broadcast(&condition), thrd_success);
  mtx_unlock(&plain);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(thrd_join(threads[i], NULL), thrd_success);
  EXPECT_EQ(counter, 5);
  EXPECT_EQ(once_runs, 1);
  EXPECT_EQ(destroyed, 5);

  EXPECT_EQ(mtx_lock(&recursive), thrd_success);
  EXPECT_EQ(mtx_trylock(&recursive), thrd_success);
  EXPECT_EQ(mtx_unlock(&recursive), thrd_success);
  EXPECT_EQ(mtx_unlock(&recursive), thrd_success);
  EXPECT_EQ(mtx_lock(&timed), thrd_success);
  EXPECT_EQ(mtx_trylock(&timed), thrd_busy);
  const long long deadline = now_ns(CLOCK_REALTIME) + 5000000;
  struct timespec until = timespec_of_ns(deadline);
  EXPECT_EQ(mtx_timedlock(&timed, &until), thrd_timedout);
  EXPECT(now_ns(CLOCK_REALTIME) >= deadline);
  EXPECT_EQ(cnd_timedwait(&condition, &timed, &until), thrd_timedout);
  EXPECT_EQ(mtx_unlock(&timed), thrd_success);
  return ok();
}
