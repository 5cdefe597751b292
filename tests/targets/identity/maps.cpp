// /proc/self/maps names what the program has, in order, and the stack holds the stack.
#include <pthread.h>
#include <sys/mman.h>

#include <sstream>

#include "file/file.hpp"

static long anchor;

int main() {
  auto* mine =
      static_cast<char*>(mmap(nullptr, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  EXPECT(mine != MAP_FAILED);
  EXPECT_EQ(mprotect(mine + 4096, 4096, PROT_READ | PROT_WRITE), 0);
  int local = 0;
  const auto text = read_file("/proc/self/maps");
  std::istringstream lines(text);
  bool has_stack = false, has_text = false, has_data = false, has_mine = false;
  unsigned long last = 0;
  for (std::string line; std::getline(lines, line);) {
    unsigned long begin, end, inode;
    char access[5];
    int path = 0;
    EXPECT_EQ(
        sscanf(line.c_str(), "%lx-%lx %4s %*x %*x:%*x %lu %n", &begin, &end, access, &inode, &path),
        4);
    EXPECT(begin < end && begin >= last);
    last = end;
    const auto holds = [&](const void* address) {
      return reinterpret_cast<unsigned long>(address) - begin < end - begin;
    };
    const std::string name = line.substr(static_cast<size_t>(path));
    if (holds(&local)) has_stack = name == "[stack]";
    if (holds(reinterpret_cast<void*>(main))) {
      has_text = access[2] == 'x' && inode == status_at("/proc/self/exe").st_ino;
      struct stat status;
      EXPECT_EQ(stat("/proc/self/exe", &status), 0);
      has_text = access[2] == 'x' && inode == status.st_ino;
    }
    if (holds(&anchor)) has_data = access[1] == 'w';
    if (holds(mine + 4096)) has_mine = std::string(access) == "rw-p";
    OBS("%s", line.c_str());
  }
  EXPECT(has_stack);
  EXPECT(has_text);
  EXPECT(has_data);
  EXPECT(has_mine);
  EXPECT_EQ(read_file("/proc/self/maps"), text);
  pthread_attr_t attributes;
  EXPECT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
  void* base;
  size_t bytes;
  EXPECT_EQ(pthread_attr_getstack(&attributes, &base, &bytes), 0);
  EXPECT(reinterpret_cast<char*>(&local) - static_cast<char*>(base) < static_cast<long>(bytes));
  EXPECT(read_file("/proc/self/smaps").find("[stack]") != std::string::npos);
  return ok();
}
