// open with each way of making a file.
#include <sys/mman.h>

#include "file/file.hpp"

int main() {
  const Directory directory;
  EXPECT_ERRNO(open("file", O_RDONLY), ENOENT);
  int fd = open("file", O_CREAT | O_EXCL | O_RDWR, 0640);
  EXPECT(fd >= 0);
  EXPECT_EQ(status_at("file").st_mode & 07777, 0640u);
  close(fd);
  EXPECT_ERRNO(open("file", O_CREAT | O_EXCL | O_RDWR, 0640), EEXIST);
  fd = creat("other", 0600);
  EXPECT(fd >= 0);
  EXPECT_ERRNO(read(fd, nullptr, 0), EBADF);
  close(fd);
  EXPECT_EQ(symlink("beyond", "dangling"), 0);
  EXPECT_ERRNO(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
  fd = open("dangling", O_CREAT | O_WRONLY, 0600);
  EXPECT(fd >= 0);
  EXPECT_EQ(status_at("beyond").st_size, 0);
  close(fd);
  EXPECT_ERRNO(open("dangling", O_RDONLY | O_NOFOLLOW), ELOOP);
  EXPECT_ERRNO(open("file/below", O_CREAT | O_WRONLY, 0600), ENOTDIR);
  EXPECT_ERRNO(open(".", O_WRONLY), EISDIR);
  EXPECT_ERRNO(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
  EXPECT_ERRNO(open(reinterpret_cast<const char*>(8), O_RDONLY), EFAULT);
  EXPECT_ERRNO(open(std::string(5000, 'x').c_str(), O_RDONLY), ENAMETOOLONG);
  EXPECT_ERRNO(open("", O_RDONLY), ENOENT);
  EXPECT_ERRNO(openat(999, "file", O_RDONLY), EBADF);
  fd = open(".", O_TMPFILE | O_RDWR, 0600);
  if (fd >= 0) {
    struct stat status;
    EXPECT_EQ(fstat(fd, &status), 0);
    EXPECT_EQ(status.st_nlink, 0u);
    OBS("%ld", static_cast<long>(status.st_ino));
    EXPECT_EQ(linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str(), AT_FDCWD, "named",
                     AT_SYMLINK_FOLLOW),
              0);
    EXPECT_EQ(status_at("named").st_ino, status.st_ino);
    close(fd);
  }
  fd = memfd_create("memory", MFD_CLOEXEC);
  EXPECT(fd >= 0);
  struct stat status;
  EXPECT_EQ(fstat(fd, &status), 0);
  OBS("%ld %ld", static_cast<long>(status.st_ino), static_cast<long>(status.st_mtim.tv_nsec));
  close(fd);
  FILE* temporary = tmpfile();
  EXPECT(temporary != nullptr);
  EXPECT(fputs("x", temporary) >= 0);
  fclose(temporary);
  return ok();
}
