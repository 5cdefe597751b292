// A directory has each entry once, in an order that is the same for everybody who reads it.
#include <sys/syscall.h>

#include <algorithm>
#include <set>

#include "file/file.hpp"

int main() {
  const Directory directory;
  std::set<std::string> made{".", ".."};
  for (int i = 0; i < 50; ++i) {
    const auto name = "entry-" + std::to_string(i * 7919 % 50);
    write_file(name.c_str(), "");
    made.insert(name);
  }
  const auto names = names_in(".");
  EXPECT_EQ(names.size(), made.size());
  EXPECT(std::set<std::string>(names.begin(), names.end()) == made);
  EXPECT(names_in(".") == names);
  for (const auto& name : names) OBS("%s", name.c_str());
  // The order does not depend on how many fit.
  std::vector<std::string> slowly;
  const int fd = open(".", O_RDONLY | O_DIRECTORY);
  alignas(8) char buffer[64];
  for (long bytes; (bytes = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;) {
    for (long at = 0; at < bytes;) {
      slowly.push_back(buffer + at + 19);
      at += *reinterpret_cast<unsigned short*>(buffer + at + 16);
    }
  }
  EXPECT(slowly == names);
  EXPECT_EQ(syscall(SYS_getdents64, fd, buffer, sizeof buffer), 0);
  EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
  EXPECT_ERRNO(syscall(SYS_getdents64, fd, buffer, 8), EINVAL);
  EXPECT(syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0);
  close(fd);
  const int file = open("entry-1", O_RDONLY);
  EXPECT_ERRNO(syscall(SYS_getdents64, file, buffer, sizeof buffer), ENOTDIR);
  EXPECT_ERRNO(syscall(SYS_getdents64, 999, buffer, sizeof buffer), EBADF);
  close(file);
  return ok();
}
