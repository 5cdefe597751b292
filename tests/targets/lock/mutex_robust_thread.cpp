// A robust mutex whose owner thread ends: waiters get EOWNERDEAD one at a time; without
// pthread_mutex_consistent it becomes ENOTRECOVERABLE for all.
#include "lock/counted.hpp"

int main() {
  for (int type : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_RECURSIVE}) {
    pthread_mutex_t mutex;
    init_mutex(&mutex, type, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    // Held at death, with waiters already queued.
    int deaths = 0;
    pthread_mutex_t* held = &mutex;
    struct Waiter {
      pthread_mutex_t* mutex;
      int* deaths;
    } waiter{held, &deaths};
    void* (*wait_for_it)(void*) = [](void* argument) -> void* {
      auto& self = *static_cast<Waiter*>(argument);
      const int error = pthread_mutex_lock(self.mutex);
      if (error == EOWNERDEAD) {
        ++*self.deaths;
        EXPECT_EQ(pthread_mutex_consistent(self.mutex), 0);
      } else {
        EXPECT_EQ(error, 0);
      }
      EXPECT_EQ(pthread_mutex_unlock(self.mutex), 0);
      return nullptr;
    };
    pthread_t threads[3];
    EXPECT_EQ(in_thread([&] {
                EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
                for (auto& thread : threads) {
                  EXPECT_EQ(pthread_create(&thread, nullptr, wait_for_it, &waiter), 0);
                }
                sleep_ms(2);
                return 0;
              }),
              0);
    for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_EQ(deaths, 1);

    EXPECT_EQ(in_thread([&] { return pthread_mutex_lock(&mutex); }), 0);
    EXPECT_EQ(pthread_mutex_trylock(&mutex), EOWNERDEAD);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    EXPECT_EQ(pthread_mutex_lock(&mutex), ENOTRECOVERABLE);
    EXPECT_EQ(pthread_mutex_trylock(&mutex), ENOTRECOVERABLE);
    EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
  }
  return ok();
}
