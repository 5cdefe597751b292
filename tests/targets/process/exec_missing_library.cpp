// A program whose library is missing: its loader ends it with status 127 before any code of its
// own runs, and everybody else goes on. As child, grandchild and by vfork.
#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "expect.hpp"

// A copy of /bin/true that needs another C library.
static void write_program(const std::string& path) {
  std::ifstream from("/bin/true", std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(from), {});
  const auto at = bytes.find(std::string("libc.so.6\0", 10));
  EXPECT(at != bytes.npos);
  bytes.replace(at, 9, "libX.so.9");
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(chmod(path.c_str(), 0700), 0);
}

int main() {
  char path[] = "/tmp/exec_missing.XXXXXX";
  close(mkstemp(path));
  write_program(path);
  std::thread other([] { sleep_ms(200); });
  const auto execute = [&] {
    dup2(open("/dev/null", O_WRONLY), 2);
    execl(path, "x", nullptr);
    _exit(1);
  };
  EXPECT_EQ(WEXITSTATUS(status_of_child(execute)), 127);
  EXPECT_EQ(WEXITSTATUS(status_of_child([&] {
              EXPECT_EQ(WEXITSTATUS(status_of_child(execute)), 127);
              sleep_ms(10);
              _exit(5);
            })),
            5);
  const pid_t pid = vfork();
  if (pid == 0) {
    execl(path, "x", nullptr);
    _exit(1);
  }
  EXPECT_EQ(WEXITSTATUS(status_of(pid)), 127);
  other.join();
  unlink(path);
  return ok();
}
