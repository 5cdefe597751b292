// Two processes that wait for each other's POSIX locks: the second to wait is told EDEADLK.
#include "filelock/filelock.hpp"

int main() {
  const LockFile file;
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  EXPECT_EQ(lock(file.fd, F_SETLK, F_WRLCK, 0, 1), 0);
  const pid_t child = start_child([&] {
    EXPECT_EQ(lock(file.fd, F_SETLK, F_WRLCK, 1, 1), 0);
    EXPECT_EQ(write(ready[1], "r", 1), 1);
    EXPECT_EQ(lock(file.fd, F_SETLKW, F_WRLCK, 0, 1), 0);
  });
  char byte;
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  sleep_ms(20);
  EXPECT_ERRNO(lock(file.fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
  EXPECT_EQ(lock(file.fd, F_SETLK, F_UNLCK, 0, 1), 0);
  EXPECT_CHILD_OK(child);
  return ok();
}
