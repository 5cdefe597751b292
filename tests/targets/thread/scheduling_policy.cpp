// Scheduling policy and nice value belong to one thread each.
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "expect.hpp"

static void* work(void*) {
  sched_param parameter = {};
  int policy = -1;
  EXPECT_EQ(pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameter), 0);
  EXPECT_EQ(pthread_getschedparam(pthread_self(), &policy, &parameter), 0);
  EXPECT_EQ(policy, SCHED_BATCH);
  EXPECT_EQ(sched_getscheduler(0), SCHED_BATCH);
  EXPECT_EQ(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 5), 0);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 5);
  return nullptr;
}

int main() {
  errno = 0;
  const int nice_before = getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(errno, 0);
  if (nice_before > 5) return skip("already nicer than this test assumes");
  const int policy_before = sched_getscheduler(0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), nice_before);
  EXPECT_EQ(sched_getscheduler(0), policy_before);
  EXPECT_EQ(sched_get_priority_min(SCHED_FIFO), 1);
  EXPECT_EQ(sched_get_priority_max(SCHED_FIFO), 99);
  return ok();
}
