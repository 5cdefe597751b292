// Thousands of entries, removed while they are read: each is met exactly once.
#include <set>

#include "file/file.hpp"

int main() {
  const Directory directory;
  constexpr int kFiles = 1000;
  EXPECT_EQ(mkdir("d", 0755), 0);
  for (int i = 0; i < kFiles; ++i) {
    const auto name = "d/a-name-that-takes-its-room-" + std::to_string(i);
    const int fd = open(name.c_str(), O_CREAT | O_WRONLY, 0644);
    EXPECT(fd >= 0);
    close(fd);
  }
  std::set<std::string> met;
  DIR* stream = opendir("d");
  unsigned long digest = 0;
  while (const dirent* entry = readdir(stream)) {
    EXPECT(met.insert(entry->d_name).second);
    for (const char* c = entry->d_name; *c != 0; ++c) {
      digest = digest * 31 + static_cast<unsigned char>(*c);
    }
    if (entry->d_name[0] != '.') EXPECT_EQ(unlinkat(dirfd(stream), entry->d_name, 0), 0);
  }
  closedir(stream);
  EXPECT_EQ(met.size(), kFiles + 2u);
  OBS("%lx", digest);
  EXPECT_EQ(rmdir("d"), 0);
  return ok();
}
