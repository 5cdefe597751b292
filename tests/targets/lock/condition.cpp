// pthread_cond_signal wakes one and broadcast all; a signal with nobody waiting is not remembered.
#include "lock/counted.hpp"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER, arrived = PTHREAD_COND_INITIALIZER;
static int waiting, tickets, passed;

static void* work(void*) {
  pthread_mutex_lock(&mutex);
  ++waiting;
  pthread_cond_signal(&arrived);
  while (tickets == 0) EXPECT_EQ(pthread_cond_wait(&condition, &mutex), 0);
  --tickets;
  ++passed;
  pthread_cond_signal(&arrived);
  pthread_mutex_unlock(&mutex);
  return nullptr;
}

int main() {
  EXPECT_EQ(pthread_cond_signal(&condition), 0);
  EXPECT_EQ(pthread_cond_broadcast(&condition), 0);
  pthread_t threads[7];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  pthread_mutex_lock(&mutex);
  while (waiting < 7) pthread_cond_wait(&arrived, &mutex);
  for (int i = 1; i <= 3; ++i) {
    ++tickets;
    EXPECT_EQ(pthread_cond_signal(&condition), 0);
    while (passed < i) pthread_cond_wait(&arrived, &mutex);
    EXPECT_EQ(passed, i);
  }
  tickets = 4;
  EXPECT_EQ(pthread_cond_broadcast(&condition), 0);
  pthread_mutex_unlock(&mutex);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(passed, 7);
  EXPECT_EQ(pthread_cond_destroy(&condition), 0);
  return ok();
}
