// CPU-time clocks advance when the program works, the process's at least as much as a thread's,
// and are reachable by clock_getcpuclockid and pthread_getcpuclockid.
#include <pthread.h>
#include <semaphore.h>

#include "expect.hpp"

static sem_t worked, gate;
static void work_for(long long ns) {
  const long long until = now_ns(CLOCK_THREAD_CPUTIME_ID) + ns;
  while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until) {
  }
}
static void* work(void* result) {
  work_for(3000000);
  *static_cast<long long*>(result) = now_ns(CLOCK_THREAD_CPUTIME_ID);
  sem_post(&worked);
  sem_wait(&gate);
  return nullptr;
}

int main() {
  sem_init(&worked, 0, 0);
  sem_init(&gate, 0, 0);
  const long long process_before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  long long thread_used = 0;
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, &thread_used), 0);
  sem_wait(&worked);
  EXPECT(thread_used >= 3000000);
  clockid_t process_clock, thread_clock, main_clock;
  EXPECT_EQ(clock_getcpuclockid(0, &process_clock), 0);
  EXPECT_EQ(pthread_getcpuclockid(thread, &thread_clock), 0);
  EXPECT_EQ(pthread_getcpuclockid(pthread_self(), &main_clock), 0);
  EXPECT(now_ns(thread_clock) >= thread_used);
  EXPECT(now_ns(process_clock) >= process_before + 3000000);
  const long long main_now = now_ns(main_clock);
  EXPECT(now_ns(CLOCK_THREAD_CPUTIME_ID) >= main_now);
  EXPECT(now_ns(CLOCK_PROCESS_CPUTIME_ID) >= now_ns(thread_clock));
  sem_post(&gate);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  const long long all = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  EXPECT(all >= process_before + 3000000);
  clockid_t none;
  EXPECT_EQ(clock_getcpuclockid(0x3ffffff0, &none), ESRCH);
  return ok();
}
