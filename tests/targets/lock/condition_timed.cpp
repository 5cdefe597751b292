// Timed waits: never early on their clock, the mutex is held again afterwards, a signal in time
// wins, the clock of the attribute counts.
#include "lock/counted.hpp"

static pthread_mutex_t mutex;
static pthread_cond_t condition;
static int flag;

static void* sets(void*) {
  sleep_ms(2);
  pthread_mutex_lock(&mutex);
  flag = 1;
  pthread_cond_signal(&condition);
  pthread_mutex_unlock(&mutex);
  return nullptr;
}

int main() {
  init_mutex(&mutex, PTHREAD_MUTEX_ERRORCHECK);
  for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    EXPECT_EQ(pthread_condattr_setclock(&attributes, clock), 0);
    EXPECT_EQ(pthread_cond_init(&condition, &attributes), 0);
    EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
    const long long deadline = now_ns(clock) + 4000000;
    timespec until = timespec_of_ns(deadline);
    int error;
    do {
      error = pthread_cond_timedwait(&condition, &mutex, &until);
    } while (error == 0);
    EXPECT_EQ(error, ETIMEDOUT);
    EXPECT(now_ns(clock) >= deadline);
    EXPECT_EQ(pthread_mutex_lock(&mutex), EDEADLK);

    const clockid_t other = clock == CLOCK_REALTIME ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    const long long other_deadline = now_ns(other) + 4000000;
    until = timespec_of_ns(other_deadline);
    do {
      error = pthread_cond_clockwait(&condition, &mutex, other, &until);
    } while (error == 0);
    EXPECT_EQ(error, ETIMEDOUT);
    EXPECT(now_ns(other) >= other_deadline);

    flag = 0;
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, nullptr, sets, nullptr), 0);
    until = timespec_of_ns(now_ns(clock) + 60000000000LL);
    while (!flag) EXPECT_EQ(pthread_cond_timedwait(&condition, &mutex, &until), 0);
    until.tv_nsec = 1000000000;
    EXPECT_EQ(pthread_cond_timedwait(&condition, &mutex, &until), EINVAL);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_EQ(pthread_cond_destroy(&condition), 0);
  }
  return ok();
}
