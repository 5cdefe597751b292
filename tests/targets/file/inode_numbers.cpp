// A file's number is the same by every way of asking, follows it through links and renames, and
// belongs to no other file.
#include <sys/sysmacros.h>

#include "file/file.hpp"

int main() {
  const Directory directory;
  write_file("one", "1");
  write_file("two", "2");
  const auto one = status_at("one").st_ino, two = status_at("two").st_ino;
  EXPECT(one != two);
  OBS("one %ld two %ld", static_cast<long>(one), static_cast<long>(two));
  const int fd = open("one", O_RDONLY);
  struct stat status;
  EXPECT_EQ(fstat(fd, &status), 0);
  EXPECT_EQ(status.st_ino, one);
  EXPECT_EQ(fstatat(AT_FDCWD, "one", &status, 0), 0);
  EXPECT_EQ(status.st_ino, one);
  EXPECT_EQ(fstatat(fd, "", &status, AT_EMPTY_PATH), 0);
  EXPECT_EQ(status.st_ino, one);
  struct statx extended;
  EXPECT_EQ(statx(AT_FDCWD, "one", 0, STATX_BASIC_STATS, &extended), 0);
  EXPECT_EQ(extended.stx_ino, one);
  EXPECT_EQ(makedev(extended.stx_dev_major, extended.stx_dev_minor), status.st_dev);
  EXPECT_EQ(link("one", "again"), 0);
  EXPECT_EQ(status_at("again").st_ino, one);
  EXPECT_EQ(status_at("again").st_nlink, 2u);
  EXPECT_EQ(rename("one", "moved"), 0);
  EXPECT_EQ(status_at("moved").st_ino, one);
  EXPECT_EQ(rename("two", "moved"), 0);
  EXPECT_EQ(status_at("moved").st_ino, two);
  EXPECT_EQ(fstat(fd, &status), 0);
  EXPECT_EQ(status.st_ino, one);
  EXPECT_EQ(symlink("moved", "name"), 0);
  EXPECT_EQ(stat("name", &status), 0);
  EXPECT_EQ(status.st_ino, two);
  EXPECT(status_at("name").st_ino != two);
  close(fd);
  return ok();
}
