// After main's pthread_exit a parent's wait still waits for the remaining threads, and a thread's
// exit_group status is what it sees.
#include <pthread.h>
#include <unistd.h>

#include "expect.hpp"

static int channel[2];
static void* work(void*) {
  sleep_ms(5);
  EXPECT_EQ(write(channel[1], "x", 1), 1);
  _exit(17);
}

int main() {
  EXPECT_EQ(pipe(channel), 0);
  const pid_t pid = start_child([] {
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
    pthread_exit(nullptr);
  });
  close(channel[1]);
  EXPECT_EQ(kill(pid, 0), 0);
  char byte;
  EXPECT_EQ(read(channel[0], &byte, 1), 1);
  const int status = status_of(pid);
  EXPECT(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 17);
  return ok();
}
