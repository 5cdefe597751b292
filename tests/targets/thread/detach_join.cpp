// A detached thread cannot be joined (EINVAL), nor detached twice; it may detach itself.
#include <pthread.h>
#include <semaphore.h>

#include "expect.hpp"

static sem_t gate, done;
static void* work(void*) {
  EXPECT_EQ(sem_wait(&gate), 0);
  EXPECT_EQ(sem_post(&done), 0);
  return nullptr;
}
static void* detaches_itself(void*) {
  EXPECT_EQ(pthread_detach(pthread_self()), 0);
  EXPECT_EQ(sem_post(&done), 0);
  return work(nullptr);
}

int main() {
  sem_init(&gate, 0, 0);
  sem_init(&done, 0, 0);
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  EXPECT_EQ(pthread_detach(thread), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), EINVAL);
  EXPECT_EQ(pthread_detach(thread), EINVAL);
  EXPECT_EQ(sem_post(&gate), 0);
  EXPECT_EQ(sem_wait(&done), 0);

  EXPECT_EQ(pthread_create(&thread, nullptr, detaches_itself, nullptr), 0);
  EXPECT_EQ(sem_wait(&done), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), EINVAL);
  EXPECT_EQ(sem_post(&gate), 0);
  EXPECT_EQ(sem_wait(&done), 0);
  return ok();
}
