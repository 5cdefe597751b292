// execve and execveat fail as the kernel's do, and the caller goes on as if nothing had been.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <thread>
#include <vector>

#include "expect.hpp"

static char* const arguments[] = {const_cast<char*>("x"), nullptr};
static char* const nothing[] = {nullptr};

static std::string file(const char* name, const std::string& text, mode_t mode) {
  const std::string path = std::string("exec_errors.") + name;
  const int fd = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0700);
  EXPECT(fd >= 0);
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  EXPECT_EQ(fchmod(fd, mode), 0);
  close(fd);
  return path;
}

static void fails(const char* path, int error) {
  EXPECT_ERRNO(execve(path, arguments, nothing), error);
}

int main() {
  char place[] = "/tmp/exec_errors.XXXXXX";
  EXPECT(mkdtemp(place) != nullptr);
  EXPECT_EQ(chdir(place), 0);
  std::thread other([] { sleep_ms(1000); });  // goes on as well
  fails("/nonexistent", ENOENT);
  fails("", ENOENT);
  fails("/etc/passwd/x", ENOTDIR);
  fails("/etc/passwd", EACCES);
  fails("/", EACCES);
  fails("/dev/null", EACCES);
  fails(file("text", "echo hello\n", 0700).c_str(), ENOEXEC);
  fails(file("empty", "", 0700).c_str(), ENOEXEC);
  fails(file("forbidden", "#!/bin/sh\n", 0600).c_str(), EACCES);
  fails(file("lost", "#!/nonexistent\n", 0700).c_str(), ENOENT);
  EXPECT_EQ(symlink("loop", "loop"), 0);
  fails("loop", ELOOP);
  EXPECT_EQ(mkfifo("fifo", 0700), 0);
  fails("fifo", EACCES);
  fails(std::string(5000, 'x').c_str(), ENAMETOOLONG);
  EXPECT_ERRNO(syscall(SYS_execve, 1, arguments, nothing), EFAULT);
  EXPECT_ERRNO(syscall(SYS_execve, "/bin/true", 1, nothing), EFAULT);
  EXPECT_ERRNO(syscall(SYS_execve, "/bin/true", arguments, 1), EFAULT);
  char* const bad[] = {reinterpret_cast<char*>(1), nullptr};
  EXPECT_ERRNO(syscall(SYS_execve, "/bin/true", arguments, bad), EFAULT);
  const std::string huge(200 << 10, 'x');  // more than one string may have
  char* const too_long[] = {const_cast<char*>(huge.c_str()), nullptr};
  EXPECT_ERRNO(execve("/bin/true", arguments, too_long), E2BIG);
  const std::string large(100 << 10, 'x');
  const std::vector<char*> many(100, const_cast<char*>(large.c_str()));
  auto list = many;
  list.push_back(nullptr);
  EXPECT_ERRNO(execve("/bin/true", list.data(), nothing), E2BIG);
  EXPECT_ERRNO(syscall(SYS_execveat, 99, "true", arguments, nothing, 0), EBADF);
  EXPECT_ERRNO(syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, nothing, 1), EINVAL);
  EXPECT_ERRNO(syscall(SYS_execveat, AT_FDCWD, "loop", arguments, nothing, AT_SYMLINK_NOFOLLOW),
               ELOOP);
  const int script =
      open(file("script", "#!/bin/sh\nexit 0\n", 0700).c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_ERRNO(syscall(SYS_execveat, script, "", arguments, nothing, AT_EMPTY_PATH), ENOENT);
  other.join();
  EXPECT_EQ(chdir("/"), 0);
  EXPECT_EQ(system((std::string("rm -r ") + place).c_str()), 0);
  return ok();
}
