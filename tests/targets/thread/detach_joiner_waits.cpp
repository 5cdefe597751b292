// Detached threads that end after main's last look do not keep the process: main's return ends it.
#include <pthread.h>
#include <unistd.h>

#include "expect.hpp"

static void* sleeper(void*) {
  for (;;) sleep_ms(50);
}

int main() {
  const int status = status_of_child([] {
    pthread_t thread;
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(pthread_create(&thread, nullptr, sleeper, nullptr), 0);
      EXPECT_EQ(pthread_detach(thread), 0);
    }
    sleep_ms(1);
    exit(9);
  });
  EXPECT(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 9);
  return ok();
}
