// Names of temporary files are random, and the same in every run.
#include "file/file.hpp"

int main() {
  const Directory directory;
  OBS("%s", directory.path().c_str());
  for (int i = 0; i < 3; ++i) {
    char name[] = "file-XXXXXX";
    const int fd = mkstemp(name);
    EXPECT(fd >= 0);
    OBS("%s", name);
    close(fd);
  }
  // The kernel's name for one without a name holds its inode number.
  const int unnamed = open(".", O_TMPFILE | O_RDWR, 0600);
  if (unnamed >= 0) {
    char text[PATH_MAX] = {};
    struct stat status;
    EXPECT_EQ(fstat(unnamed, &status), 0);
    EXPECT(readlink(("/proc/self/fd/" + std::to_string(unnamed)).c_str(), text, sizeof text) > 0);
    OBS("%s", text);
    EXPECT(std::string(text).ends_with("/#" + std::to_string(status.st_ino) + " (deleted)"));
    close(unnamed);
  }
  return ok();
}
