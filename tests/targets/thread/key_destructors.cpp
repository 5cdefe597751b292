// Key destructors run in the ending thread, again while values are set anew, at most
// PTHREAD_DESTRUCTOR_ITERATIONS times; null values and deleted keys have none.
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include "expect.hpp"

static pthread_key_t stubborn, twice, unset, deleted;
static int stubborn_runs, twice_runs, wrong_runs;
static pid_t worker;

static void on_stubborn(void* value) {
  EXPECT_EQ(gettid(), worker);
  EXPECT(pthread_getspecific(stubborn) == nullptr);
  ++stubborn_runs;
  pthread_setspecific(stubborn, value);
}
static void on_twice(void* value) {
  if (++twice_runs == 1) pthread_setspecific(twice, value);
}
static void on_wrong(void*) { ++wrong_runs; }

static void* work(void*) {
  worker = gettid();
  EXPECT(pthread_getspecific(stubborn) == nullptr);
  EXPECT_EQ(pthread_setspecific(stubborn, &worker), 0);
  EXPECT_EQ(pthread_setspecific(twice, &worker), 0);
  EXPECT_EQ(pthread_setspecific(deleted, &worker), 0);
  EXPECT_EQ(pthread_key_delete(deleted), 0);
  return nullptr;
}

int main() {
  EXPECT_EQ(pthread_key_create(&stubborn, on_stubborn), 0);
  EXPECT_EQ(pthread_key_create(&twice, on_twice), 0);
  EXPECT_EQ(pthread_key_create(&unset, on_wrong), 0);
  EXPECT_EQ(pthread_key_create(&deleted, on_wrong), 0);
  EXPECT_EQ(pthread_setspecific(stubborn, &stubborn), 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(stubborn_runs, PTHREAD_DESTRUCTOR_ITERATIONS);
  EXPECT_EQ(twice_runs, 2);
  EXPECT_EQ(wrong_runs, 0);
  EXPECT(pthread_getspecific(stubborn) == &stubborn);
  EXPECT_EQ(pthread_setspecific(deleted, nullptr), EINVAL);
  return ok();
}
