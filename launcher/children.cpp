#include "launcher/children.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "launcher/whole_file.hpp"
#include "scheduler/world.hpp"

namespace detsim {
namespace {

// What waitpid() said of those that lost their parents, by pid.
std::map<pid_t, std::uint32_t> statuses;

std::set<pid_t> spared;

// proc(5), stat, from field 3 on; empty: there is no such process.
std::string facts_of(pid_t pid) {
  const auto line = whole_file(fmt::format("/proc/{}/stat", pid)).value_or("");
  const auto name_end = line.rfind(')');
  return name_end == line.npos || name_end + 2 >= line.size() ? "" : line.substr(name_end + 2);
}

// The letter of its state; 0: there is no such process.
char state_of(pid_t pid) {
  const auto facts = facts_of(pid);
  return facts.empty() ? '\0' : facts[0];
}

std::vector<pid_t> children() {
  std::vector<pid_t> pids;
  if (const auto list = whole_file(fmt::format("/proc/self/task/{}/children", getpid()))) {
    std::istringstream words(*list);
    for (pid_t pid = 0; words >> pid;) pids.push_back(pid);
    return pids;
  }
  // A kernel without CONFIG_PROC_CHILDREN: those that the run told about.
  const auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const auto& process = w.processes[i];
    if (process.state == ProcessState::live && process.real_pid > 0) {
      pids.push_back(process.real_pid);
    }
  }
  return pids;
}

}  // namespace

void become_subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::optional<std::uint32_t> reap(pid_t wanted) {
  std::optional<std::uint32_t> found;
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
    if (pid == wanted) found = static_cast<std::uint32_t>(status);
    statuses[pid] = static_cast<std::uint32_t>(status);
  }
  return found;
}

std::optional<std::uint32_t> status_of_dead(pid_t pid) {
  const auto facts = facts_of(pid);
  if (!facts.empty()) {  // a zombie: its status is the last field (exit_code)
    const auto last = facts.find_last_of(' ');
    return static_cast<std::uint32_t>(std::strtoul(facts.c_str() + last, nullptr, 10));
  }
  const auto found = statuses.find(pid);
  if (found == statuses.end()) return {};
  return found->second;
}

bool is_alive(pid_t pid) {
  const char state = state_of(pid);
  return state != '\0' && state != 'Z' && state != 'X';
}

void stop_and_wait(pid_t pid) {
  if (pid <= 0 || kill(pid, SIGSTOP) != 0) return;
  for (int i = 0; i < 1000; ++i) {
    const char state = state_of(pid);
    if (state != 'R' && state != 'S' && state != 'D') return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void spare(pid_t pid) { spared.insert(pid); }
void spare_no_longer(pid_t pid) { spared.erase(pid); }

namespace {

// One run of a process that parks. Its root process is a child like the parked one.
std::optional<std::uint32_t> kill_all_but_spared(pid_t root) {
  std::optional<std::uint32_t> found;
  const bool was_alone = world().processes_used <= 1;
  for (bool some = true; some;) {
    some = false;
    if (root > 0 && !found) {
      int status = 0;
      pid_t pid = waitpid(root, &status, WNOHANG | __WALL);
      if (pid == 0) kill(root, SIGKILL);
      while (pid == 0 || (pid < 0 && errno == EINTR)) pid = waitpid(root, &status, __WALL);
      found = static_cast<std::uint32_t>(status);
    }
    if (was_alone) return found;
    for (const pid_t child : children()) {
      if (spared.contains(child)) continue;
      kill(child, SIGKILL);
      waitpid(child, nullptr, __WALL);
      some = true;
    }
  }
  return found;
}

}  // namespace

std::optional<std::uint32_t> kill_all(pid_t root) {
  std::optional<std::uint32_t> found;
  statuses.clear();
  if (!spared.empty()) return kill_all_but_spared(root);
  int status = 0;
  // Most runs leave nobody. Killing a child makes its children ours: the next round finds them.
  for (pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);; pid = waitpid(-1, &status, __WALL)) {
    if (pid < 0 && errno != EINTR) return found;
    if (pid > 0 && pid == root) found = static_cast<std::uint32_t>(status);
    if (const auto more = reap(root)) found = more;
    for (const pid_t child : children()) kill(child, SIGKILL);
  }
}

}  // namespace detsim
