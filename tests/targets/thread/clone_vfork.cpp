// clone(CLONE_VM | CLONE_VFORK): the caller sees what the child did, only after it exited, while
// the caller's other threads go on.
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "expect.hpp"

static int volatile stage;
static int channel[2];
static sem_t helped;

// The child ends only after another thread of the parent process answered: were all of them
// suspended, this would never end.
static int child_main(void*) {
  stage = 1;
  char byte;
  if (syscall(SYS_read, channel[0], &byte, 1) != 1) return 1;
  stage = 2;
  return 0;
}

static void* help(void*) {
  EXPECT_EQ(sem_wait(&helped), 0);
  sleep_ms(2);
  EXPECT_EQ(write(channel[1], "x", 1), 1);
  return nullptr;
}

int main() {
  EXPECT_EQ(pipe(channel), 0);
  sem_init(&helped, 0, 0);
  pthread_t helper;
  EXPECT_EQ(pthread_create(&helper, nullptr, help, nullptr), 0);
  constexpr size_t stack_bytes = 64 << 10;
  char* stack = static_cast<char*>(
      mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  EXPECT(stack != MAP_FAILED);
  sem_post(&helped);
  const pid_t pid =
      clone(child_main, stack + stack_bytes, CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
  EXPECT(pid > 0);
  EXPECT_EQ(stage, 2);
  EXPECT_CHILD_OK(pid);
  EXPECT_EQ(pthread_join(helper, nullptr), 0);
  return ok();
}
