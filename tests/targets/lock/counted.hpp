// Proves mutual exclusion: many threads load, yield and store one counter under a lock, and no
// update may be lost nor two threads be inside at once.
#pragma once

#include <pthread.h>

#include "expect.hpp"

constexpr int counted_threads = 6, counted_rounds = 40;

struct Counted {
  long counter = 0;
  int inside = 0;

  void step() {
    EXPECT_EQ(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), 1);
    const long seen = counter;
    if (seen % 3 == 0) sched_yield();
    counter = seen + 1;
    EXPECT_EQ(__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST), 0);
  }
};

// The body takes (Counted &, index of the thread, round) and does one locked step.
template <class Body>
void expect_exclusion(Body body) {
  struct Job {
    Body* body;
    Counted* counted;
    int index;
  };
  Counted counted;
  Job jobs[counted_threads];
  pthread_t threads[counted_threads];
  for (int i = 0; i < counted_threads; ++i) {
    jobs[i] = {&body, &counted, i};
    void* (*run)(void*) = [](void* argument) -> void* {
      const Job& job = *static_cast<Job*>(argument);
      for (int round = 0; round < counted_rounds; ++round) {
        (*job.body)(*job.counted, job.index, round);
      }
      return nullptr;
    };
    EXPECT_EQ(pthread_create(&threads[i], nullptr, run, &jobs[i]), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(counted.counter, counted_threads * counted_rounds);
}

inline void init_mutex(pthread_mutex_t* mutex, int type, int protocol = PTHREAD_PRIO_NONE,
                       int robust = PTHREAD_MUTEX_STALLED, int shared = PTHREAD_PROCESS_PRIVATE) {
  pthread_mutexattr_t attributes;
  EXPECT_EQ(pthread_mutexattr_init(&attributes), 0);
  EXPECT_EQ(pthread_mutexattr_settype(&attributes, type), 0);
  EXPECT_EQ(pthread_mutexattr_setprotocol(&attributes, protocol), 0);
  EXPECT_EQ(pthread_mutexattr_setrobust(&attributes, robust), 0);
  EXPECT_EQ(pthread_mutexattr_setpshared(&attributes, shared), 0);
  EXPECT_EQ(pthread_mutex_init(mutex, &attributes), 0);
  EXPECT_EQ(pthread_mutexattr_destroy(&attributes), 0);
}

// Runs a function in another thread and gives its result.
template <class Function>
long in_thread(Function function) {
  struct Call {
    Function* function;
    long result;
  } call{&function, 0};
  pthread_t thread;
  void* (*run)(void*) = [](void* argument) -> void* {
    auto& self = *static_cast<Call*>(argument);
    self.result = (*self.function)();
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, nullptr, run, &call), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return call.result;
}
