// Programs named by a path below /proc, and links that lead there.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "expect.hpp"

namespace {

// In a child, so that the paths of parent and child differ.
void expect_executable(const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    execl(path.c_str(), path.c_str(), "leaf", nullptr);
    _exit(1);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

void execute() {
  const auto mine = "/proc/" + std::to_string(getpid());
  const int program = open("/proc/self/exe", O_RDONLY);
  expect_executable("/proc/self/exe");
  expect_executable(mine + "/exe");
  expect_executable(mine + "/fd/" + std::to_string(program));
  EXPECT_EQ(execl("/proc/999999/exe", "exe", nullptr), -1);
  EXPECT_EQ(errno, ENOENT);
  close(program);
}

// What a link leads to is the same file; a slash at the end means what "self" leads to.
void follow() {
  const int pinned = open("/proc/self/status", O_PATH);
  EXPECT_EQ(symlink("/proc/self/status", "link"), 0);
  struct stat by_link, by_path;
  EXPECT_EQ(stat("link", &by_link), 0);
  EXPECT_EQ(stat("/proc/self/status", &by_path), 0);
  EXPECT_EQ(by_link.st_ino, by_path.st_ino);
  EXPECT_EQ(unlink("link"), 0);
  close(pinned);

  struct stat of_link, of_directory;
  EXPECT_EQ(lstat("/proc/self", &of_link), 0);
  EXPECT(S_ISLNK(of_link.st_mode));
  for (const char* path : {"/proc/self/", "/proc/self/.", "/proc//self//"}) {
    EXPECT_EQ(lstat(path, &of_directory), 0);
    EXPECT(S_ISDIR(of_directory.st_mode));
  }
  char text[16];
  EXPECT_EQ(readlink("/proc/self/", text, sizeof text), -1);
  EXPECT_EQ(errno, EINVAL);
}

}  // namespace

int main(int count, char**) {
  if (count > 1) return 7;
  execute();
  follow();
  return ok();
}
