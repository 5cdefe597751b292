// Several processes count in one file under a lock of each sort: no count is lost.
#include "filelock/filelock.hpp"

static void count(const LockFile& file, int round) {
  const int fd = file.again();
  if (round % 3 == 0) EXPECT_EQ(flock(fd, LOCK_EX), 0);
  if (round % 3 == 1) EXPECT_EQ(lock(fd, F_SETLKW, F_WRLCK), 0);
  if (round % 3 == 2) EXPECT_EQ(lockf(fd, F_LOCK, 0), 0);
  int value = 0;
  EXPECT(pread(fd, &value, sizeof value, 0) >= 0);
  ++value;
  EXPECT_EQ(pwrite(fd, &value, sizeof value, 0), sizeof value);
  EXPECT_EQ(close(fd), 0);
}

int main() {
  const LockFile file;
  constexpr int kProcesses = 4, kRounds = 10;
  for (int sort = 0; sort < 3; ++sort) {
    EXPECT_EQ(ftruncate(file.fd, 0), 0);
    pid_t children[kProcesses];
    for (pid_t& child : children) {
      child = start_child([&] {
        for (int i = 0; i < kRounds; ++i) count(file, sort);
      });
    }
    for (const pid_t child : children) EXPECT_CHILD_OK(child);
    int value = 0;
    EXPECT_EQ(pread(file.fd, &value, sizeof value, 0), sizeof value);
    EXPECT_EQ(value, kProcesses * kRounds);
  }
  return ok();
}
