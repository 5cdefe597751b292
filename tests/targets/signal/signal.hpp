// Small helpers for signal tests.
#pragma once

#include <pthread.h>
#include <signal.h>

#include "expect.hpp"

inline void handle(int number, void (*handler)(int, siginfo_t*, void*), int flags = 0) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  EXPECT_EQ(sigaction(number, &action, nullptr), 0);
}

inline sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (int number : numbers) sigaddset(&set, number);
  return set;
}

inline void block(std::initializer_list<int> numbers) {
  const sigset_t set = set_of(numbers);
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
}

inline void unblock(std::initializer_list<int> numbers) {
  const sigset_t set = set_of(numbers);
  EXPECT_EQ(pthread_sigmask(SIG_UNBLOCK, &set, nullptr), 0);
}

// Sends a signal to a thread again and again until told to stop: for waits that it may precede.
struct Nagger {
  pthread_t target, thread;
  int number;
  int stopped = 0;
  explicit Nagger(int signal_number) : target(pthread_self()), number(signal_number) {
    EXPECT_EQ(pthread_create(&thread, nullptr, run, this), 0);
  }
  void stop() {
    __atomic_store_n(&stopped, 1, __ATOMIC_SEQ_CST);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
  }

 private:
  static void* run(void* argument) {
    auto* self = static_cast<Nagger*>(argument);
    do {
      sleep_ms(2);
      pthread_kill(self->target, self->number);
    } while (!__atomic_load_n(&self->stopped, __ATOMIC_SEQ_CST));
    return nullptr;
  }
};
