// exit() from a thread ends the whole process with its status, though main and others are blocked
// in a read, a lock, a join and a sleep.
#include <pthread.h>
#include <unistd.h>

#include "expect.hpp"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int channel[2];

static void* lock(void*) {
  pthread_mutex_lock(&mutex);
  return nullptr;
}
static void* sleep_long(void*) {
  sleep_ms(1000000);
  return nullptr;
}
static void* read_forever(void*) {
  char byte;
  EXPECT(read(channel[0], &byte, 1) != 1);
  return nullptr;
}
static void* leave(void*) {
  sleep_ms(5);
  exit(23);
}

int main() {
  EXPECT_EQ(pipe(channel), 0);
  const int status = status_of_child([] {
    pthread_mutex_lock(&mutex);
    pthread_t thread;
    for (auto* function : {lock, sleep_long, read_forever, leave, lock}) {
      EXPECT_EQ(pthread_create(&thread, nullptr, function, nullptr), 0);
    }
    pthread_join(thread, nullptr);
    _exit(1);
  });
  EXPECT(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 23);
  return ok();
}
