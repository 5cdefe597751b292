#include "bench/measure.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace {

double now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double ns_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
}

constexpr unsigned kLong_s = 600;

// In the child. What hangs is a failed take and not a table without an end.
[[noreturn]] void become(const Command& command, int input, int output, bool pinned) {
  if (pinned) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  alarm(kLong_s);
  dup2(input, 0);
  dup2(output, 1);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (std::getenv("BENCH_WORDS") == nullptr) dup2(nowhere, 2);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

std::string read_all(int fd) {
  std::string text;
  char bytes[4096];
  for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;) {
    text.append(bytes, static_cast<std::size_t>(count));
  }
  return text;
}

pid_t child_of(pid_t pid) {
  std::ifstream children("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) +
                         "/children");
  pid_t child = 0;
  children >> child;
  return child;
}

double resident_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) * 1024;
  }
  return 0;
}

}  // namespace

std::optional<Usage> measure(const Command& command, bool pinned) {
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return std::nullopt;
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const double began_ns = now_ns();
  const pid_t pid = fork();
  if (pid == 0) become(command, nothing, output[1], pinned);
  close(output[1]);
  close(nothing);
  Usage usage;
  usage.output = read_all(output[0]);
  close(output[0]);
  int status = 0;
  rusage used{};
  if (wait4(pid, &status, 0, &used) != pid) return std::nullopt;
  usage.wall_ns = now_ns() - began_ns;
  usage.cpu_ns = ns_of(used.ru_utime) + ns_of(used.ru_stime);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return usage;
}

double resident_bytes(const Command& command) {
  int input[2];
  if (pipe2(input, O_CLOEXEC) != 0) return 0;
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const pid_t pid = fork();
  if (pid == 0) become(command, input[0], nowhere, false);
  close(input[0]);
  close(nowhere);
  usleep(500000);
  pid_t innermost = pid;
  while (const pid_t child = child_of(innermost)) innermost = child;
  const double resident = resident_of(innermost);
  close(input[1]);
  waitpid(pid, nullptr, 0);
  return resident;
}

bool is_installed(const std::string& program) {
  if (program.starts_with('/')) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (access((directory + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}
