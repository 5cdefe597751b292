// The forked thread's function returns in the child: the process ends with status 0, as its last
// thread did.
#include <pthread.h>
#include <unistd.h>

#include "expect.hpp"

static pid_t child;
static void* forks(void* argument) {
  fflush(stdout);
  child = fork();
  EXPECT(child >= 0);
  return argument;
}

int main() {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, forks, nullptr), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_CHILD_OK(child);
  return ok();
}
