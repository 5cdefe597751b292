// Timed locks on both clocks and every type: never early, EINVAL for a bad time but only if it has
// to wait, success when the owner lets go in time.
#include "lock/counted.hpp"

int main() {
  for (int type : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                   PTHREAD_MUTEX_ADAPTIVE_NP}) {
    pthread_mutex_t mutex;
    init_mutex(&mutex, type);
    timespec bad = {0, -1};
    EXPECT_EQ(pthread_mutex_timedlock(&mutex, &bad), 0);
    EXPECT_EQ(in_thread([&] { return pthread_mutex_timedlock(&mutex, &bad); }), EINVAL);
    for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
      EXPECT_EQ(in_thread([&] {
                  const long long deadline = now_ns(clock) + 3000000;
                  const timespec until = timespec_of_ns(deadline);
                  const int error = pthread_mutex_clocklock(&mutex, clock, &until);
                  EXPECT(now_ns(clock) >= deadline);
                  return error;
                }),
                ETIMEDOUT);
    }
    const timespec past = {1, 0};
    EXPECT_EQ(in_thread([&] { return pthread_mutex_timedlock(&mutex, &past); }), ETIMEDOUT);
    EXPECT_EQ(
        in_thread([&] { return pthread_mutex_clocklock(&mutex, CLOCK_PROCESS_CPUTIME_ID, &past); }),
        EINVAL);
    pthread_t thread;
    void* (*waits)(void*) = [](void* argument) -> void* {
      auto* its = static_cast<pthread_mutex_t*>(argument);
      const timespec until = timespec_of_ns(now_ns(CLOCK_MONOTONIC) + 60000000000LL);
      EXPECT_EQ(pthread_mutex_clocklock(its, CLOCK_MONOTONIC, &until), 0);
      EXPECT_EQ(pthread_mutex_unlock(its), 0);
      return nullptr;
    };
    EXPECT_EQ(pthread_create(&thread, nullptr, waits, &mutex), 0);
    sleep_ms(2);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
  }
  return ok();
}
