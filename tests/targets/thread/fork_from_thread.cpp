// fork from a thread: only the caller is there in the child, as its main thread, and it can use
// locks it holds, create threads, and exit normally.
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

static int volatile ticks;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static thread_local int mine = 3;

static void* ticker(void*) {
  for (;;) {
    ticks = ticks + 1;
    sleep_ms(1);
  }
}
static void* adds(void* argument) {
  pthread_mutex_lock(&mutex);
  ++*static_cast<int*>(argument);
  pthread_mutex_unlock(&mutex);
  return nullptr;
}

static void* forks(void*) {
  mine = 4;
  pthread_mutex_lock(&mutex);
  const pid_t tid_before = gettid();
  const pid_t pid = start_child([&] {
    EXPECT_EQ(mine, 4);
    EXPECT(gettid() != tid_before);
    EXPECT_EQ(gettid(), getpid());
    EXPECT_EQ(syscall(SYS_gettid), syscall(SYS_getpid));
    const int ticks_at_fork = ticks;
    sleep_ms(5);
    EXPECT_EQ(ticks, ticks_at_fork);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    int count = 0;
    pthread_t threads[3];
    for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, adds, &count), 0);
    for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_EQ(count, 3);
    exit(0);
  });
  pthread_mutex_unlock(&mutex);
  EXPECT_CHILD_OK(pid);
  return nullptr;
}

int main() {
  pthread_t first, second;
  EXPECT_EQ(pthread_create(&first, nullptr, ticker, nullptr), 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pthread_create(&second, nullptr, forks, nullptr), 0);
    EXPECT_EQ(pthread_join(second, nullptr), 0);
  }
  EXPECT(ticks > 0);
  return ok();
}
