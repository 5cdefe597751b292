// statx: birth and other times, bad requests.
#include "file/file.hpp"

int main() {
  const Directory directory;
  write_file("file", "x");
  struct statx status;
  EXPECT_EQ(statx(AT_FDCWD, "file", 0, STATX_ALL, &status), 0);
  const long long modified = status.stx_mtime.tv_sec * 1000000000LL + status.stx_mtime.tv_nsec;
  EXPECT_EQ(modified, modified_at("file"));
  const auto born = status.stx_btime;
  if ((status.stx_mask & STATX_BTIME) != 0) {
    EXPECT(born.tv_sec * 1000000000LL + born.tv_nsec <= modified);
    OBS("%lld %u", static_cast<long long>(born.tv_sec), born.tv_nsec);
    let_time_pass();
    write_file("file", "y");
    EXPECT_EQ(statx(AT_FDCWD, "file", 0, STATX_ALL, &status), 0);
    EXPECT_EQ(status.stx_btime.tv_sec, born.tv_sec);
    EXPECT_EQ(status.stx_btime.tv_nsec, born.tv_nsec);
  }
  EXPECT_EQ(status.stx_size, 1u);
  EXPECT_ERRNO(statx(AT_FDCWD, "nothing", 0, STATX_ALL, &status), ENOENT);
  EXPECT_ERRNO(statx(AT_FDCWD, "file", 0x40000000, STATX_ALL, &status), EINVAL);
  EXPECT_ERRNO(statx(AT_FDCWD, "file", 0, STATX_ALL, reinterpret_cast<struct statx*>(8)), EFAULT);
  return ok();
}
