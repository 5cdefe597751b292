// Free space, by every call.
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "file/file.hpp"

int main() {
  struct statvfs space;
  EXPECT_EQ(statvfs("/tmp", &space), 0);
  EXPECT(space.f_bsize > 0 && space.f_blocks >= space.f_bfree && space.f_bfree >= space.f_bavail);
  OBS("%lu %lu %lu", space.f_blocks, space.f_bfree, space.f_ffree);
  const int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
  struct statvfs same;
  EXPECT_EQ(fstatvfs(fd, &same), 0);
  EXPECT_EQ(same.f_blocks, space.f_blocks);
  struct statfs system;
  EXPECT_EQ(statfs("/proc", &system), 0);
  EXPECT_EQ(system.f_type, 0x9fa0);
  EXPECT_EQ(system.f_blocks, 0u);
  EXPECT_ERRNO(statfs("/nothing-here", &system), ENOENT);
  EXPECT_ERRNO(statfs("/tmp", reinterpret_cast<struct statfs*>(8)), EFAULT);
  close(fd);
  return ok();
}
