#include "launcher/guardian.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "launcher/children.hpp"
#include "scheduler/world.hpp"

namespace detsim {
namespace {

constexpr int kQuietRounds = 5;  // in a row, each without a process that lives
constexpr int kRoundsMax = 2000;
constexpr long kRound_ns = 5000000;

bool is_world(const char* line, ino_t inode) {
  if (std::strstr(line, "memfd:detsim-world") == nullptr) return false;
  unsigned long long number = 0;
  return std::sscanf(line, "%*s %*s %*s %*s %llu", &number) == 1 && number == inode;
}

// Whether the process has the world of this inode mapped (proc(5), maps).
bool has_world(pid_t pid, ino_t inode) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/maps", pid);
  std::FILE* maps = std::fopen(path, "re");
  if (maps == nullptr) return false;
  char line[512];
  bool found = false;
  while (!found && std::fgets(line, sizeof line, maps) != nullptr) found = is_world(line, inode);
  std::fclose(maps);
  return found;
}

// Those between execve and their first call have not mapped it yet, but stand in it.
bool is_being_executed(pid_t pid) {
  const auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const auto& process = w.processes[i];
    if (process.real_pid == pid && process.state == ProcessState::live && process.exec_pending) {
      return true;
    }
  }
  return false;
}

// Returns how many there were.
int kill_round(ino_t inode) {
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return 0;
  int count = 0;
  while (const auto* entry = readdir(directory)) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    const auto pid = static_cast<pid_t>(std::atoi(entry->d_name));
    if (pid == getpid() || (!has_world(pid, inode) && !is_being_executed(pid))) continue;
    if (is_alive(pid) && kill(pid, SIGKILL) == 0) ++count;
  }
  closedir(directory);
  return count;
}

[[noreturn]] void guard(int pipe, ino_t inode) {
  // The terminal's signals and its end are for the launcher.
  setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) signal(number, SIG_IGN);
  prctl(PR_SET_NAME, "detsim-guardian");
  if (chdir("/") != 0) _exit(1);
  dup2(pipe, 0);
  close_range(1, ~0u, 0);
  char byte;
  while (read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  const timespec pause{.tv_sec = 0, .tv_nsec = kRound_ns};
  for (int round = 0, quiet = 0; round < kRoundsMax && quiet < kQuietRounds; ++round) {
    quiet = kill_round(inode) == 0 ? quiet + 1 : 0;
    nanosleep(&pause, nullptr);
  }
  _exit(0);
}

}  // namespace

void Guardian::start(int world_fd) {
  started_ = true;
  int ends[2];
  struct stat status {};
  if (fstat(world_fd, &status) != 0 || pipe2(ends, O_CLOEXEC) != 0) return;
  pid_ = fork();
  if (pid_ == 0) {
    close(ends[1]);
    guard(ends[0], status.st_ino);
  }
  close(ends[0]);
  write_end_ = ends[1];
}

// It is a child, which the end of the run has ended; else its work is to find nobody.
Guardian::~Guardian() {
  if (write_end_ >= 0) close(write_end_);
}

}  // namespace detsim
