// The setuid family changes all threads' credentials, blocked ones too (glibc's setxid broadcast),
// and threads that are started later have them; a child changes its own only.
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "expect.hpp"

static sem_t ready, gate;
static int channel[2];

static void expect_uid(uid_t expected) {
  uid_t real, effective, saved;
  EXPECT_EQ(getresuid(&real, &effective, &saved), 0);
  EXPECT_EQ(effective, expected);
  EXPECT_EQ(geteuid(), expected);
}
static void* blocked_in_semaphore(void*) {
  sem_post(&ready);
  while (sem_wait(&gate) == -1) EXPECT_EQ(errno, EINTR);
  expect_uid(1234);
  return nullptr;
}
static void* blocked_in_read(void*) {
  sem_post(&ready);
  char byte;
  EXPECT_EQ(read(channel[0], &byte, 1), 1);
  expect_uid(1234);
  return nullptr;
}
static void* started_later(void*) {
  expect_uid(1234);
  return nullptr;
}

int main() {
  if (geteuid() != 0) return skip("not root");
  EXPECT_EQ(pipe(channel), 0);
  sem_init(&ready, 0, 0);
  sem_init(&gate, 0, 0);
  EXPECT_CHILD_OK(start_child([] {
    EXPECT_EQ(setresuid(4, 5, 6), 0);
    expect_uid(5);
  }));
  expect_uid(0);
  pthread_t threads[4], later;
  for (int i = 0; i < 4; ++i) {
    auto* function = i % 2 ? blocked_in_read : blocked_in_semaphore;
    EXPECT_EQ(pthread_create(&threads[i], nullptr, function, nullptr), 0);
  }
  for (int i = 0; i < 4; ++i) sem_wait(&ready);
  sleep_ms(1);
  EXPECT_EQ(setegid(4321), 0);
  EXPECT_EQ(seteuid(1234), 0);
  expect_uid(1234);
  EXPECT_EQ(getegid(), 4321u);
  EXPECT_ERRNO(setuid(5), EPERM);
  EXPECT_EQ(pthread_create(&later, nullptr, started_later, nullptr), 0);
  EXPECT_EQ(pthread_join(later, nullptr), 0);
  EXPECT_EQ(write(channel[1], "xx", 2), 2);
  for (int i = 0; i < 2; ++i) sem_post(&gate);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(seteuid(0), 0);
  EXPECT_EQ(setegid(0), 0);
  return ok();
}
