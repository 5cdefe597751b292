// flock: shared and exclusive, by open file, waiting for unlock, close and the end of a process.
#include "filelock/filelock.hpp"

int main() {
  const LockFile file;
  const int other = file.again();
  EXPECT_EQ(flock(file.fd, LOCK_EX), 0);
  EXPECT_ERRNO(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  EXPECT_ERRNO(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
  EXPECT_EQ(flock(file.fd, LOCK_SH), 0);
  EXPECT_EQ(flock(other, LOCK_SH | LOCK_NB), 0);
  EXPECT_ERRNO(flock(file.fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  EXPECT_EQ(flock(other, LOCK_UN), 0);
  EXPECT_EQ(flock(file.fd, LOCK_EX), 0);
  EXPECT_ERRNO(flock(file.fd, 64), EINVAL);
  EXPECT_ERRNO(flock(999, LOCK_EX), EBADF);

  // Somebody waits until we unlock.
  pid_t child = start_child([&] {
    const int mine = file.again();
    EXPECT_EQ(flock(mine, LOCK_EX), 0);
    EXPECT_EQ(write(mine, "x", 1), 1);
  });
  sleep_ms(3);
  EXPECT_EQ(lseek(file.fd, 0, SEEK_END), 0);
  EXPECT_EQ(flock(file.fd, LOCK_UN), 0);
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(lseek(file.fd, 0, SEEK_END), 1);

  // A killed owner's lock is free: its child waits for it with us.
  const pid_t owner = start_child([&] {
    const int mine = file.again();
    EXPECT_EQ(flock(mine, LOCK_EX), 0);
    EXPECT_EQ(write(mine, "yz", 2), 2);
    pause();
  });
  while (lseek(file.fd, 0, SEEK_END) != 2) sleep_ms(1);
  child = start_child([&] {
    sleep_ms(2);
    EXPECT_EQ(kill(owner, SIGKILL), 0);
  });
  EXPECT_EQ(flock(file.fd, LOCK_EX), 0);
  EXPECT_EQ(status_of(owner), SIGKILL);
  EXPECT_CHILD_OK(child);

  // The lock is the open file's: a child's copy keeps it, the last close lets it go.
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  child = start_child([&] {
    char byte;
    EXPECT_EQ(read(ends[0], &byte, 1), 1);
    EXPECT_EQ(close(file.fd), 0);
  });
  EXPECT_EQ(close(file.fd), 0);
  EXPECT_ERRNO(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
  EXPECT_EQ(write(ends[1], "g", 1), 1);
  EXPECT_EQ(flock(other, LOCK_EX), 0);
  EXPECT_CHILD_OK(child);
  return ok();
}
