// Many threads lock, wait, sleep, sort and write to pipes while others send them signals, to
// threads and to the process: every queued signal is handled exactly once, no lock is lost, no wait
// ends early, and nothing that a handler does disturbs what it interrupted.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "signal/signal.hpp"

constexpr int kWorkers = 4, kSenders = 2, kRounds = 60, kSent = 60;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static pthread_t workers[kWorkers];
static long inside, sum_sent, sum_handled, handled, posted_by_handlers;
static int finished, channel[2];

// Asynchronous, so only what is safe in a handler.
static void on_signal(int, siginfo_t* info, void*) {
  const int saved = errno;
  __atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&sum_handled, info->si_value.sival_int, __ATOMIC_SEQ_CST);
  if (info->si_value.sival_int % 7 == 0) {
    __atomic_fetch_add(&posted_by_handlers, 1, __ATOMIC_SEQ_CST);
    sem_post(&semaphore);
  }
  if (info->si_value.sival_int % 5 == 0) sched_yield();
  if (info->si_value.sival_int % 11 == 0) EXPECT_EQ(write(channel[1], "h", 1), 1);
  errno = saved;
}

static void* work(void* argument) {
  auto seed = static_cast<unsigned>(reinterpret_cast<long>(argument)) * 77 + 5;
  std::vector<int> numbers(50);
  for (int round = 0; round < kRounds; ++round) {
    switch (rand_r(&seed) % 5) {
      case 0: {
        EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
        EXPECT_EQ(inside++, 0);
        sched_yield();
        EXPECT_EQ(--inside, 0);
        pthread_cond_broadcast(&condition);
        EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
        break;
      }
      case 1: {
        timespec limit;
        clock_gettime(CLOCK_REALTIME, &limit);
        limit.tv_nsec += 300'000;
        if (limit.tv_nsec >= 1'000'000'000) ++limit.tv_sec, limit.tv_nsec -= 1'000'000'000;
        EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
        const int result = pthread_cond_timedwait(&condition, &mutex, &limit);
        EXPECT(result == 0 || result == ETIMEDOUT);
        EXPECT_EQ(inside++, 0);
        --inside;
        EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
        break;
      }
      case 2: {
        const long long before = now_ns(CLOCK_MONOTONIC);
        sleep_ms(1);
        EXPECT(now_ns(CLOCK_MONOTONIC) - before >= 1'000'000);
        break;
      }
      case 3: {
        double total = 0;
        for (size_t i = 0; i < numbers.size(); ++i) {
          numbers[i] = rand_r(&seed);
          total += std::sqrt(static_cast<double>(numbers[i] % 1000));
          if (i % 16 == 0) sched_yield();
        }
        std::sort(numbers.begin(), numbers.end());
        EXPECT(std::is_sorted(numbers.begin(), numbers.end()) && total >= 0);
        break;
      }
      default: {
        pollfd item = {channel[0], POLLIN, 0};
        const int result = poll(&item, 1, 1);
        EXPECT(result >= 0 || errno == EINTR);
        if (result > 0) {
          char byte = 0;
          const ssize_t count = read(channel[0], &byte, 1);
          EXPECT(count == 1 ? byte == 'h' : errno == EAGAIN);
        }
      }
    }
  }
  __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < kWorkers + kSenders) sleep_ms(1);
  return nullptr;
}

static void* send(void* argument) {
  auto seed = static_cast<unsigned>(reinterpret_cast<long>(argument)) + 1;
  for (int i = 0; i < kSent; ++i) {
    sigval value;
    value.sival_int = static_cast<int>(rand_r(&seed) % 1000);
    const int number = SIGRTMIN + static_cast<int>(rand_r(&seed) % 3);
    if (rand_r(&seed) % 3 == 0) {
      EXPECT_EQ(sigqueue(getpid(), number, value), 0);
    } else {
      EXPECT_EQ(pthread_sigqueue(workers[rand_r(&seed) % kWorkers], number, value), 0);
    }
    __atomic_fetch_add(&sum_sent, value.sival_int, __ATOMIC_SEQ_CST);
    if (i % 4 == 0) sched_yield();
    if (i % 16 == 0) sleep_ms(1);
  }
  __atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
  return nullptr;
}

int main() {
  sem_init(&semaphore, 0, 0);
  EXPECT_EQ(pipe2(channel, O_NONBLOCK), 0);
  for (int i = 0; i < 3; ++i) handle(SIGRTMIN + i, on_signal, SA_RESTART);
  pthread_t senders[kSenders];
  for (long i = 0; i < kWorkers; ++i) {
    EXPECT_EQ(pthread_create(&workers[i], nullptr, work, reinterpret_cast<void*>(i)), 0);
  }
  for (long i = 0; i < kSenders; ++i) {
    EXPECT_EQ(pthread_create(&senders[i], nullptr, send, reinterpret_cast<void*>(i + 100)), 0);
  }
  for (auto& thread : workers) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  for (auto& thread : senders) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  while (__atomic_load_n(&handled, __ATOMIC_SEQ_CST) < kSenders * kSent) sleep_ms(1);
  EXPECT_EQ(handled, kSenders * kSent);
  EXPECT_EQ(sum_handled, sum_sent);
  int value = 0;
  EXPECT_EQ(sem_getvalue(&semaphore, &value), 0);
  EXPECT_EQ(value, posted_by_handlers);
  OBS("handled %ld, posted %ld", handled, posted_by_handlers);
  return ok();
}
