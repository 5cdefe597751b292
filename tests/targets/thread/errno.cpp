// errno belongs to the thread and survives other threads' failures during a switch.
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "expect.hpp"

static void* work(void* argument) {
  const int error = *static_cast<int*>(argument);
  for (int i = 0; i < 20; ++i) {
    if (error == ENOENT) EXPECT_EQ(open("/no/such/file", O_RDONLY), -1);
    if (error == EBADF) EXPECT_EQ(close(-1), -1);
    if (error == EINVAL) EXPECT_EQ(lseek(0, 0, 99) == -1 ? (errno = EINVAL, -1) : 0, -1);
    const int before = errno;
    EXPECT_EQ(before, error);
    sched_yield();
    sleep_ms(0);
    EXPECT_EQ(errno, error);
  }
  return nullptr;
}

int main() {
  int errors[] = {ENOENT, EBADF, EINVAL};
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, &errors[i]), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
