// Times set by hand are what stat shows, by every call that sets them.
#include <sys/time.h>
#include <utime.h>

#include "file/file.hpp"

static void expect_times(const char* path, long access_s, long access_ns, long write_s,
                         long write_ns) {
  const auto status = status_at(path);
  EXPECT_EQ(status.st_atim.tv_sec, access_s);
  EXPECT_EQ(status.st_atim.tv_nsec, access_ns);
  EXPECT_EQ(status.st_mtim.tv_sec, write_s);
  EXPECT_EQ(status.st_mtim.tv_nsec, write_ns);
}

int main() {
  const Directory directory;
  write_file("file", "x");
  const timespec both[2] = {{1000000000, 5}, {1500000000, 700}};
  EXPECT_EQ(utimensat(AT_FDCWD, "file", both, 0), 0);
  expect_times("file", 1000000000, 5, 1500000000, 700);
  const timespec one[2] = {{0, UTIME_OMIT}, {2000000000, 1}};
  EXPECT_EQ(utimensat(AT_FDCWD, "file", one, 0), 0);
  expect_times("file", 1000000000, 5, 2000000000, 1);
  const timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  EXPECT_EQ(utimensat(AT_FDCWD, "file", now, 0), 0);
  EXPECT(ns_of(status_at("file").st_atim) <= now_ns(CLOCK_REALTIME));
  EXPECT_EQ(status_at("file").st_mtim.tv_sec, 2000000000);
  const int fd = open("file", O_RDONLY);
  EXPECT_EQ(futimens(fd, both), 0);
  expect_times("file", 1000000000, 5, 1500000000, 700);
  const timeval coarse[2] = {{1100000000, 9}, {1200000000, 8}};
  EXPECT_EQ(utimes("file", coarse), 0);
  expect_times("file", 1100000000, 9000, 1200000000, 8000);
  const utimbuf seconds = {1300000000, 1400000000};
  EXPECT_EQ(utime("file", &seconds), 0);
  expect_times("file", 1300000000, 0, 1400000000, 0);
  EXPECT(changed_at("file") <= now_ns(CLOCK_REALTIME));
  const timespec bad[2] = {{0, -5}, {0, 0}};
  EXPECT_ERRNO(utimensat(AT_FDCWD, "file", bad, 0), EINVAL);
  EXPECT_ERRNO(utimensat(AT_FDCWD, "nothing", both, 0), ENOENT);
  EXPECT_EQ(symlink("file", "name"), 0);
  EXPECT_EQ(utimensat(AT_FDCWD, "name", both, AT_SYMLINK_NOFOLLOW), 0);
  expect_times("file", 1300000000, 0, 1400000000, 0);
  expect_times("name", 1000000000, 5, 1500000000, 700);
  EXPECT_EQ(utimes("file", nullptr), 0);
  EXPECT(ns_of(status_at("file").st_mtim) <= now_ns(CLOCK_REALTIME));
  EXPECT(status_at("file").st_mtim.tv_sec != 1400000000);
  close(fd);
  return ok();
}
