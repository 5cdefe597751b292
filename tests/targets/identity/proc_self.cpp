// /proc/self/stat and status agree with what the calls tell.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <thread>

#include "file/file.hpp"

static std::string field(const std::string& status, const char* label) {
  const auto at = status.find(std::string("\n") + label + ":\t");
  EXPECT(at != status.npos);
  const auto begin = at + strlen(label) + 3;
  return status.substr(begin, status.find('\n', begin) - begin);
}

int main() {
  EXPECT_EQ(prctl(PR_SET_NAME, "a (name) b"), 0);
  const auto stat = read_file("/proc/self/stat");
  OBS("%s", stat.c_str());
  int pid = 0, parent = 0, group = 0, session = 0;
  char state = 0;
  const auto end = stat.rfind(')');
  EXPECT_EQ(stat.substr(0, end + 1), std::to_string(getpid()) + " (a (name) b)");
  EXPECT_EQ(sscanf(stat.c_str() + end + 2, "%c %d %d %d", &state, &parent, &group, &session), 4);
  EXPECT_EQ(state, 'R');
  EXPECT_EQ(parent, getppid());
  EXPECT_EQ(group, getpgrp());
  EXPECT_EQ(session, getsid(0));
  const auto status = read_file("/proc/self/status");
  EXPECT_EQ(status.find("Name:\ta (name) b\n"), 0u);
  EXPECT_EQ(atoi(field(status, "Pid").c_str()), getpid());
  EXPECT_EQ(atoi(field(status, "Tgid").c_str()), getpid());
  EXPECT_EQ(atoi(field(status, "PPid").c_str()), getppid());
  EXPECT_EQ(atoi(field(status, "Threads").c_str()), 1);
  EXPECT_EQ(atoi(field(status, "Uid").c_str()), static_cast<int>(getuid()));
  EXPECT_EQ(atoi(field(status, "TracerPid").c_str()), 0);
  EXPECT(atol(field(status, "VmSize").c_str()) > 1000);
  EXPECT(atol(field(status, "VmRSS").c_str()) > 100);
  for (const char* label : {"SigBlk", "SigCgt", "SigIgn", "Cpus_allowed_list", "VmPeak"}) {
    OBS("%s %s", label, field(status, label).c_str());
  }
  std::thread([&] {
    const auto path = "/proc/self/task/" + std::to_string(gettid());
    EXPECT_EQ(sscanf(read_file((path + "/stat").c_str()).c_str(), "%d", &pid), 1);
    EXPECT_EQ(pid, gettid());
    EXPECT_EQ(atoi(field(read_file((path + "/status").c_str()), "Threads").c_str()), 2);
    EXPECT_EQ(read_file("/proc/thread-self/comm"), std::string("a (name) b\n"));
  }).join();
  OBS("%s", read_file("/proc/self/statm").c_str());
  return ok();
}
