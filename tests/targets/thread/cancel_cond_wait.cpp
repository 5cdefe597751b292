// Cancellation in pthread_cond_wait and pthread_cond_timedwait: the mutex is held again when the
// cleanup handler runs, and no signal is swallowed.
#include "thread/cancel.hpp"

static pthread_mutex_t mutex;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void unlock(void*) { EXPECT_EQ(pthread_mutex_unlock(&mutex), 0); }

static void do_wait() {
  EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
  pthread_cleanup_push(unlock, nullptr);
  for (;;) pthread_cond_wait(&condition, &mutex);
  pthread_cleanup_pop(0);
}
static void do_timedwait() {
  timespec until = timespec_of_ns(now_ns(CLOCK_REALTIME) + 1000000000000LL);
  EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
  pthread_cleanup_push(unlock, nullptr);
  for (;;) EXPECT_EQ(pthread_cond_timedwait(&condition, &mutex, &until), 0);
  pthread_cleanup_pop(0);
}

static int tokens;
static void* takes_token(void*) {
  EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
  while (tokens == 0) EXPECT_EQ(pthread_cond_wait(&condition, &mutex), 0);
  --tokens;
  EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  return nullptr;
}

int main() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  EXPECT_EQ(pthread_mutex_init(&mutex, &attributes), 0);
  expect_cancelled<do_wait>();
  expect_cancelled<do_timedwait>();
  // The condition variable still works.
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, takes_token, nullptr), 0);
  sleep_ms(2);
  EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
  tokens = 1;
  EXPECT_EQ(pthread_cond_signal(&condition), 0);
  EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(pthread_cond_destroy(&condition), 0);
  return ok();
}
