// fcntl locks: ranges, who holds what, waiting, release by closing any descriptor of the file.
#include "filelock/filelock.hpp"

int main() {
  const LockFile file;
  EXPECT_EQ(lock(file.fd, F_SETLK, F_WRLCK, 0, 10), 0);
  EXPECT_EQ(lock(file.fd, F_SETLK, F_RDLCK, 20, 10), 0);
  const pid_t parent = getpid();
  pid_t child = start_child([&] {
    EXPECT(lock(file.fd, F_SETLK, F_WRLCK, 5, 1) == -1 && (errno == EAGAIN || errno == EACCES));
    EXPECT_EQ(lock(file.fd, F_SETLK, F_WRLCK, 10, 10), 0);
    EXPECT_EQ(lock(file.fd, F_SETLK, F_RDLCK, 20, 5), 0);
    struct flock who = {};
    who.l_type = F_WRLCK;
    who.l_start = 3;
    who.l_len = 100;
    EXPECT_EQ(fcntl(file.fd, F_GETLK, &who), 0);
    EXPECT_EQ(who.l_type, F_WRLCK);
    EXPECT_EQ(who.l_pid, parent);
    EXPECT_EQ(who.l_start, 0);
    EXPECT_EQ(who.l_len, 10);
    who.l_start = 50;
    who.l_type = F_WRLCK;
    EXPECT_EQ(fcntl(file.fd, F_GETLK, &who), 0);
    EXPECT_EQ(who.l_type, F_UNLCK);
    EXPECT_EQ(lock(file.fd, F_SETLKW, F_WRLCK, 0, 10), 0);  // waits
    EXPECT_EQ(write(file.fd, "w", 1), 1);
  });
  sleep_ms(3);
  EXPECT_EQ(lock(file.fd, F_SETLK, F_UNLCK, 0, 5), 0);
  sleep_ms(3);
  EXPECT_EQ(lseek(file.fd, 0, SEEK_END), 0);
  EXPECT_EQ(lock(file.fd, F_SETLK, F_UNLCK, 5, 5), 0);
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(lseek(file.fd, 0, SEEK_END), 1);

  EXPECT_EQ(lock(file.fd, F_SETLK, F_WRLCK), 0);
  child = start_child([&] { EXPECT_EQ(lock(file.fd, F_SETLKW, F_WRLCK), 0); });
  sleep_ms(2);
  EXPECT_EQ(close(file.again()), 0);  // all of our locks on the file are gone
  EXPECT_CHILD_OK(child);

  child = start_child([&] {
    EXPECT_EQ(lock(file.fd, F_SETLK, F_WRLCK), 0);
    EXPECT_EQ(write(file.fd, "2", 1), 1);
    sleep_ms(5);
  });
  while (lseek(file.fd, 0, SEEK_END) != 2) sleep_ms(1);
  EXPECT_EQ(lock(file.fd, F_SETLKW, F_RDLCK), 0);  // free when the child ends
  EXPECT_CHILD_OK(child);
  EXPECT_ERRNO(lock(file.fd, F_SETLK, 77), EINVAL);
  EXPECT_ERRNO(fcntl(file.fd, F_SETLKW, nullptr), EFAULT);
  EXPECT_ERRNO(lock(999, F_SETLKW, F_WRLCK), EBADF);
  return ok();
}
