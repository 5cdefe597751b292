// Home-made locks - exchange, compare-exchange, ticket - and pthread_spin_lock keep each other out
// when the holder sleeps with the lock held, and everybody gets them.
#include <pthread.h>
#include <sched.h>
#include <xmmintrin.h>

#include <atomic>

#include "expect.hpp"

namespace {

constexpr int kThreads = 4, kRounds = 5;

struct Exchange {
  std::atomic<int> word{0};
  void lock() {
    while (word.exchange(1, std::memory_order_acquire) != 0) _mm_pause();
  }
  void unlock() { word.store(0, std::memory_order_release); }
};

struct CompareExchange {
  std::atomic<long> word{0};
  void lock() {
    long expected = 0;
    while (!word.compare_exchange_weak(expected, 1, std::memory_order_acquire)) expected = 0;
  }
  void unlock() { word.store(0, std::memory_order_release); }
};

struct Ticket {
  std::atomic<unsigned> next{0}, serving{0};
  void lock() {
    const auto mine = next.fetch_add(1);
    while (serving.load(std::memory_order_acquire) != mine) _mm_pause();
  }
  void unlock() { serving.store(serving.load() + 1, std::memory_order_release); }
};

struct Pthread {
  pthread_spinlock_t word;
  Pthread() { EXPECT_EQ(pthread_spin_init(&word, PTHREAD_PROCESS_PRIVATE), 0); }
  void lock() { EXPECT_EQ(pthread_spin_lock(&word), 0); }
  void unlock() { EXPECT_EQ(pthread_spin_unlock(&word), 0); }
};

template <class Lock>
struct Shared {
  Lock lock;
  int inside = 0, total = 0;
};

template <class Lock>
void* work(void* argument) {
  auto& shared = *static_cast<Shared<Lock>*>(argument);
  for (int i = 0; i < kRounds; ++i) {
    shared.lock.lock();
    EXPECT_EQ(++shared.inside, 1);
    if (i == 1) sleep_ms(1);
    ++shared.total;
    --shared.inside;
    shared.lock.unlock();
    sched_yield();
  }
  return nullptr;
}

template <class Lock>
void try_out() {
  Shared<Lock> shared;
  pthread_t threads[kThreads];
  for (auto& thread : threads) {
    EXPECT_EQ(pthread_create(&thread, nullptr, work<Lock>, &shared), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(shared.total, kThreads * kRounds);
}

}  // namespace

int main() {
  try_out<Exchange>();
  try_out<CompareExchange>();
  try_out<Ticket>();
  try_out<Pthread>();
  return ok();
}
