// The kernel gives the numbers of deleted files to new ones as it likes; what the target sees is
// the same in every run.
#include "file/file.hpp"

int main() {
  const Directory directory;
  for (int i = 0; i < 20; ++i) {
    write_file("file", "x");
    const auto before = status_at("file");
    const int fd = open("file", O_RDONLY);
    EXPECT_EQ(unlink("file"), 0);
    struct stat status;
    EXPECT_EQ(fstat(fd, &status), 0);
    EXPECT_EQ(status.st_ino, before.st_ino);
    EXPECT_EQ(status.st_nlink, 0u);
    if (i % 2 == 0) close(fd);
    OBS("%ld", static_cast<long>(before.st_ino));
    EXPECT_EQ(mkdir("directory", 0755), 0);
    OBS("%ld", static_cast<long>(status_at("directory").st_ino));
    EXPECT_EQ(rmdir("directory"), 0);
  }
  return ok();
}
