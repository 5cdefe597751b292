// Regular files: every way to read and write, with and without offset.
#include <sys/uio.h>

#include "io/io.hpp"

int main() {
  char name[] = "/tmp/io_files_XXXXXX";
  const int fd = mkstemp(name);
  EXPECT(fd >= 0);
  unlink(name);
  put(fd, "0123456789");
  EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 10);
  EXPECT_EQ(pwrite(fd, "ab", 2, 3), 2);
  char buffer[16] = {};
  EXPECT_EQ(pread(fd, buffer, 16, 0), 10);
  EXPECT_EQ(std::string(buffer), "012ab56789");
  EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
  EXPECT_EQ(get(fd, 4), "012a");
  iovec pieces[] = {{buffer, 2}, {buffer + 8, 3}};
  EXPECT_EQ(preadv(fd, pieces, 2, 5), 5);
  EXPECT_EQ(std::string(buffer, 2) + std::string(buffer + 8, 3), "56789");
  EXPECT_EQ(pwritev(fd, pieces, 2, 20), 5);
  EXPECT_EQ(preadv2(fd, pieces, 1, 20, 0), 2);
  EXPECT_EQ(pwritev2(fd, pieces, 1, 0, RWF_APPEND), 2);
  EXPECT_EQ(lseek(fd, 0, SEEK_END), 27);
  EXPECT_EQ(poll_one(fd, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
  EXPECT_EQ(get(fd), "");
  EXPECT_ERRNO(read(-1, buffer, 1), EBADF);
  EXPECT_ERRNO(write(fd, reinterpret_cast<void*>(8), 1), EFAULT);
  const int epoll = epoll_create1(0);
  epoll_event event = {EPOLLIN, {}};
  EXPECT_ERRNO(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), EPERM);
  return ok();
}
