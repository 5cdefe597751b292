// What readdir tells of an entry agrees with what stat tells of the file.
#include "file/file.hpp"

int main() {
  const Directory directory;
  write_file("file", "");
  EXPECT_EQ(mkdir("directory", 0755), 0);
  EXPECT_EQ(symlink("file", "link"), 0);
  EXPECT_EQ(mkfifo("fifo", 0600), 0);
  DIR* stream = opendir(".");
  int seen = 0;
  while (const dirent* entry = readdir(stream)) {
    if (strcmp(entry->d_name, "..") == 0) continue;
    const auto status = status_at(entry->d_name);
    EXPECT_EQ(entry->d_ino, status.st_ino);
    EXPECT_EQ(DTTOIF(entry->d_type), status.st_mode & S_IFMT);
    OBS("%s %ld", entry->d_name, static_cast<long>(entry->d_ino));
    ++seen;
  }
  EXPECT_EQ(seen, 5);
  closedir(stream);
  return ok();
}
