// Locks of open file descriptions (F_OFD_*), between threads, and an interrupted wait.
#include <pthread.h>

#include <thread>

#include "filelock/filelock.hpp"

int main() {
  const LockFile file;
  const int other = file.again();
  EXPECT_EQ(lock(file.fd, F_OFD_SETLK, F_WRLCK), 0);
  EXPECT_ERRNO(lock(other, F_OFD_SETLK, F_WRLCK), EAGAIN);
  struct flock who = {};
  who.l_type = F_WRLCK;
  EXPECT_EQ(fcntl(other, F_OFD_GETLK, &who), 0);
  EXPECT_EQ(who.l_pid, -1);
  bool held = true;
  std::thread waiter([&] {
    EXPECT_EQ(lock(other, F_OFD_SETLKW, F_WRLCK), 0);
    EXPECT(!__atomic_load_n(&held, __ATOMIC_SEQ_CST));
    EXPECT_EQ(lock(other, F_OFD_SETLK, F_UNLCK), 0);
  });
  sleep_ms(2);
  __atomic_store_n(&held, false, __ATOMIC_SEQ_CST);
  EXPECT_EQ(lock(file.fd, F_OFD_SETLK, F_UNLCK), 0);
  waiter.join();

  EXPECT_EQ(flock(file.fd, LOCK_EX), 0);
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  EXPECT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  const pthread_t me = pthread_self();
  std::thread killer([&] {
    sleep_ms(2);
    EXPECT_EQ(pthread_kill(me, SIGUSR1), 0);
  });
  EXPECT_ERRNO(flock(other, LOCK_EX), EINTR);
  killer.join();
  return ok();
}
