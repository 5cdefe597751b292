// Thread ids: main's is the process id, others are distinct, live ones can be signalled by tgkill
// and reach exactly that thread, dead ones are ESRCH.
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <set>

#include "expect.hpp"

constexpr int thread_count = 5;
static sem_t ready, gate;
static pid_t tids[thread_count];
static thread_local int volatile hits;

static void* work(void* argument) {
  const long index = reinterpret_cast<long>(argument);
  tids[index] = gettid();
  EXPECT_EQ(syscall(SYS_gettid), static_cast<long>(gettid()));
  sem_post(&ready);
  while (sem_wait(&gate) == -1) EXPECT_EQ(errno, EINTR);
  return reinterpret_cast<void*>(static_cast<long>(hits));
}

int main() {
  sem_init(&ready, 0, 0);
  sem_init(&gate, 0, 0);
  struct sigaction action = {};
  action.sa_handler = [](int) { hits = hits + 1; };
  EXPECT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  EXPECT_EQ(gettid(), getpid());
  pthread_t threads[thread_count];
  for (long i = 0; i < thread_count; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i)), 0);
  }
  for (int i = 0; i < thread_count; ++i) sem_wait(&ready);
  std::set<pid_t> distinct(tids, tids + thread_count);
  distinct.insert(getpid());
  EXPECT_EQ(distinct.size(), static_cast<size_t>(thread_count + 1));
  EXPECT_EQ(tgkill(getpid(), tids[3], SIGUSR1), 0);
  EXPECT_EQ(pthread_kill(threads[1], SIGUSR1), 0);
  EXPECT_EQ(tgkill(getpid(), tids[0], 0), 0);
  EXPECT_ERRNO(tgkill(tids[0], tids[0], 0), ESRCH);
  EXPECT_ERRNO(tgkill(getpid(), -1, 0), EINVAL);
  sleep_ms(2);
  for (int i = 0; i < thread_count; ++i) sem_post(&gate);
  for (long i = 0; i < thread_count; ++i) {
    void* value = nullptr;
    EXPECT_EQ(pthread_join(threads[i], &value), 0);
    EXPECT_EQ(reinterpret_cast<long>(value), i == 3 || i == 1 ? 1 : 0);
  }
  EXPECT_EQ(hits, 0);
  EXPECT_ERRNO(tgkill(getpid(), tids[3], 0), ESRCH);
  OBS("pid %d tids %d %d %d", getpid(), tids[0], tids[1], tids[2]);
  return ok();
}
