// The raw exit syscall in a thread ends that thread only; exit_group ends the process.
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

static void* raw_exit(void*) {
  syscall(SYS_exit, 99);
  return nullptr;
}
static void* raw_exit_group(void*) {
  syscall(SYS_exit_group, 31);
  return nullptr;
}

int main() {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, raw_exit, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  const int status = status_of_child([] {
    pthread_t other;
    EXPECT_EQ(pthread_create(&other, nullptr, raw_exit_group, nullptr), 0);
    pthread_join(other, nullptr);
    _exit(1);
  });
  EXPECT(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 31);
  return ok();
}
