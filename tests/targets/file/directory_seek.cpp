// telldir, seekdir and rewinddir; positions shared with a duplicate and with a child.
#include "file/file.hpp"

int main() {
  const Directory directory;
  for (int i = 0; i < 30; ++i) write_file(("f" + std::to_string(i)).c_str(), "");
  DIR* stream = opendir(".");
  std::vector<long> positions;
  std::vector<std::string> names;
  for (;;) {
    positions.push_back(telldir(stream));
    const dirent* entry = readdir(stream);
    if (entry == nullptr) break;
    names.push_back(entry->d_name);
  }
  EXPECT_EQ(names.size(), 32u);
  for (size_t i = 0; i < names.size(); i += 5) {
    seekdir(stream, positions[i]);
    EXPECT_EQ(std::string(readdir(stream)->d_name), names[i]);
  }
  rewinddir(stream);
  EXPECT_EQ(std::string(readdir(stream)->d_name), names[0]);
  write_file("new", "");
  rewinddir(stream);
  size_t count = 0;
  while (readdir(stream) != nullptr) ++count;
  EXPECT_EQ(count, 33u);
  closedir(stream);

  const int fd = open(".", O_RDONLY | O_DIRECTORY);
  const int copy = dup(fd);
  EXPECT_CHILD_OK(start_child([copy] {
    DIR* inherited = fdopendir(copy);
    while (readdir(inherited) != nullptr) {
    }
  }));
  DIR* rest = fdopendir(fd);
  EXPECT(readdir(rest) == nullptr);
  closedir(rest);
  close(copy);
  return ok();
}
