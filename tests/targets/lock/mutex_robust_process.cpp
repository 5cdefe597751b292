// A robust mutex in shared memory whose owner process exits, is killed, or execs while holding it.
#include <signal.h>
#include <sys/mman.h>

#include "lock/counted.hpp"

struct Shared {
  pthread_mutex_t mutex;
  int held;
};

int main() {
  auto* shared = static_cast<Shared*>(
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  EXPECT(shared != MAP_FAILED);
  for (int protocol : {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT}) {
    init_mutex(&shared->mutex, PTHREAD_MUTEX_NORMAL, protocol, PTHREAD_MUTEX_ROBUST,
               PTHREAD_PROCESS_SHARED);
    for (int way = 0; way < 3; ++way) {
      int channel[2];
      EXPECT_EQ(pipe(channel), 0);
      const pid_t pid = start_child([&] {
        EXPECT_EQ(pthread_mutex_lock(&shared->mutex), 0);
        EXPECT_EQ(write(channel[1], "x", 1), 1);
        sleep_ms(3);
        if (way == 0) _exit(0);
        if (way == 1) raise(SIGKILL);
        execl("/bin/true", "true", nullptr);
        _exit(1);
      });
      char byte;
      EXPECT_EQ(read(channel[0], &byte, 1), 1);
      // The child holds it: this waits for its death.
      EXPECT_EQ(pthread_mutex_lock(&shared->mutex), EOWNERDEAD);
      EXPECT_EQ(pthread_mutex_consistent(&shared->mutex), 0);
      EXPECT_EQ(pthread_mutex_unlock(&shared->mutex), 0);
      EXPECT_EQ(pthread_mutex_lock(&shared->mutex), 0);
      EXPECT_EQ(pthread_mutex_unlock(&shared->mutex), 0);
      const int status = status_of(pid);
      EXPECT(way == 1 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0);
      close(channel[0]);
      close(channel[1]);
    }
  }
  return ok();
}
