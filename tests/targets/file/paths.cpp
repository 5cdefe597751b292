// Calls that take paths, with bad ones.
#include <sys/xattr.h>

#include "file/file.hpp"

int main() {
  const Directory directory;
  EXPECT_EQ(mkdir("a", 0755), 0);
  write_file("a/file", "x");
  EXPECT_EQ(symlink("a/file", "link"), 0);
  char text[4096] = {};
  EXPECT_EQ(readlink("link", text, sizeof text), 6);
  EXPECT_EQ(std::string(text), std::string("a/file"));
  EXPECT_EQ(readlink("link", text, 3), 3);
  EXPECT_ERRNO(readlink("a", text, sizeof text), EINVAL);
  EXPECT_ERRNO(readlink("link", text, 0), EINVAL);
  EXPECT_EQ(access("a/file", R_OK | W_OK), 0);
  EXPECT_ERRNO(access("a/none", F_OK), ENOENT);
  EXPECT_EQ(faccessat(AT_FDCWD, "link", F_OK, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT_EQ(chdir("a"), 0);
  EXPECT_EQ(std::string(getcwd(text, sizeof text)), directory.path() + "/a");
  errno = 0;
  EXPECT(getcwd(text, 3) == nullptr && errno == ERANGE);
  EXPECT_EQ(access("file", F_OK), 0);
  const int up = open("..", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(fchdir(up), 0);
  EXPECT_ERRNO(rmdir("a"), ENOTEMPTY);
  EXPECT_ERRNO(unlink("a"), EISDIR);
  EXPECT_ERRNO(rename("none", "some"), ENOENT);
  EXPECT_ERRNO(link("a/file", "link"), EEXIST);
  EXPECT_ERRNO(mkdir("a", 0755), EEXIST);
  EXPECT_EQ(linkat(up, "a/file", up, "hard", 0), 0);
  EXPECT_EQ(renameat2(up, "hard", up, "link", 2 /* RENAME_EXCHANGE */), 0);
  EXPECT(S_ISLNK(status_at("hard").st_mode) && S_ISREG(status_at("link").st_mode));
  EXPECT_ERRNO(renameat2(up, "hard", up, "link", 1 /* RENAME_NOREPLACE */), EEXIST);
  EXPECT_EQ(lchown("hard", getuid(), getgid()), 0);
  EXPECT_EQ(fchmodat(up, "link", 0600, 0), 0);
  if (setxattr("link", "user.word", "value", 5, 0) == 0) {
    EXPECT_EQ(getxattr("link", "user.word", text, sizeof text), 5);
    EXPECT_EQ(removexattr("link", "user.word"), 0);
  }
  EXPECT_ERRNO(truncate("a", 0), EISDIR);
  close(up);
  return ok();
}
