// pthread_kill wakes exactly its thread out of a wait; a process-directed signal is handled by some
// thread exactly once: which one is an observation.
#include <semaphore.h>

#include "signal/signal.hpp"

static thread_local int volatile hits;
static int all_hits;
static pid_t volatile taker;
static sem_t ready;
static int volatile stop;
static void on_signal(int, siginfo_t*, void*) {
  hits = hits + 1;
  taker = gettid();
  __atomic_fetch_add(&all_hits, 1, __ATOMIC_SEQ_CST);
}
static void* work(void*) {
  sem_post(&ready);
  while (!stop) {
    timespec pause = {1, 0};
    nanosleep(&pause, nullptr);
  }
  return reinterpret_cast<void*>(static_cast<long>(hits));
}

int main() {
  handle(SIGUSR1, on_signal);
  sem_init(&ready, 0, 0);
  pthread_t threads[3];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  for (int i = 0; i < 3; ++i) {
    while (sem_wait(&ready) == -1) EXPECT_EQ(errno, EINTR);
  }
  EXPECT_EQ(pthread_kill(threads[1], SIGUSR1), 0);
  while (__atomic_load_n(&all_hits, __ATOMIC_SEQ_CST) < 1) sleep_ms(1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(kill(getpid(), SIGUSR1), 0);
    while (__atomic_load_n(&all_hits, __ATOMIC_SEQ_CST) < 2 + i) sleep_ms(1);
  }
  OBS("taker is main %d", taker == getpid());
  sleep_ms(2);
  EXPECT_EQ(all_hits, 6);
  stop = 1;
  long sum = hits;
  for (auto& thread : threads) {
    EXPECT_EQ(pthread_kill(thread, SIGUSR1), 0);
    void* value = nullptr;
    EXPECT_EQ(pthread_join(thread, &value), 0);
    sum += reinterpret_cast<long>(value);
  }
  EXPECT(sum >= 6 && sum <= 9);
  EXPECT_EQ(pthread_kill(pthread_self(), 99), EINVAL);
  return ok();
}
