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
  return ok();
}
