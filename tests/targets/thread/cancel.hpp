// What every cancellation-point test does: a thread enters the call, main cancels it after a
// while, and it must end as PTHREAD_CANCELED with its cleanup handler run exactly once.
#pragma once

#include <pthread.h>

#include "expect.hpp"

static int cancel_cleanups;
static void cancel_cleanup(void*) { ++cancel_cleanups; }

template <void (*call)()>
void* cancel_body(void*) {
  pthread_cleanup_push(cancel_cleanup, nullptr);
  call();
  pthread_cleanup_pop(0);
  EXPECT(!"the call came back");
  return nullptr;
}

// Cancels the call while it waits (delay 3 ms) and also possibly before it is reached (no delay).
template <void (*call)()>
void expect_cancelled() {
  for (long delay_ms : {3L, 0L}) {
    cancel_cleanups = 0;
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, nullptr, cancel_body<call>, nullptr), 0);
    if (delay_ms) sleep_ms(delay_ms);
    EXPECT_EQ(pthread_cancel(thread), 0);
    void* value = nullptr;
    EXPECT_EQ(pthread_join(thread, &value), 0);
    EXPECT(value == PTHREAD_CANCELED);
    // Cancelled before the handler was pushed is impossible: pthread_create is no such point.
    EXPECT_EQ(cancel_cleanups, 1);
  }
}
