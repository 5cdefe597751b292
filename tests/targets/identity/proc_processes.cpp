// Other processes by their pids: listed while they are there, zombies too.
#include <signal.h>

#include <set>

#include "file/file.hpp"

static bool is_listed(pid_t pid) {
  for (const auto& name : names_in("/proc")) {
    if (name == std::to_string(pid)) return true;
  }
  return false;
}

static char state_of(pid_t pid) {
  const auto stat = read_file(("/proc/" + std::to_string(pid) + "/stat").c_str());
  return stat[stat.rfind(')') + 2];
}

int main() {
  EXPECT(is_listed(getpid()));
  int gate[2];
  EXPECT_EQ(pipe(gate), 0);
  const pid_t child = start_child([&gate] {
    char byte;
    close(gate[1]);
    EXPECT_EQ(read(gate[0], &byte, 1), 1);
    EXPECT_EQ(read_file(("/proc/" + std::to_string(getppid()) + "/cmdline").c_str()),
              read_file("/proc/self/cmdline"));
  });
  EXPECT(is_listed(child));
  const auto directory = "/proc/" + std::to_string(child);
  int parent = 0;
  const auto stat = read_file((directory + "/stat").c_str());
  EXPECT_EQ(sscanf(stat.c_str() + stat.rfind(')') + 4, "%d", &parent), 1);
  EXPECT_EQ(parent, getpid());
  EXPECT(read_file((directory + "/maps").c_str()).find("proc_processes") != std::string::npos);
  EXPECT_EQ(status_at(directory.c_str()).st_mode & S_IFMT, static_cast<mode_t>(S_IFDIR));
  EXPECT_EQ(names_in((directory + "/task").c_str()).size(), 3u);
  EXPECT_EQ(write(gate[1], "x", 1), 1);
  siginfo_t info;
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(state_of(child), 'Z');
  EXPECT(is_listed(child));
  EXPECT_CHILD_OK(child);
  EXPECT(!is_listed(child));
  EXPECT_ERRNO(access(directory.c_str(), F_OK), ENOENT);
  OBS("%d", child);
  return ok();
}
