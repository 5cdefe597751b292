// Who holds the file lock that a task waits for: the kernel lists all locks with the pid of the
// process that took each (proc_locks(5)). A lock of an open file description has none.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include "launcher/report_facts.hpp"

namespace detsim {
namespace {

const Process* find_process(const World& world, int real_pid) {
  for (std::uint32_t i = 0; i < world.processes_used; ++i) {
    const auto& process = world.processes[i];
    if (process.state == ProcessState::live && process.real_pid == real_pid) return &process;
  }
  return nullptr;
}

// Processes of the run that hold a lock of the file, each once, in the order of their pids.
std::vector<const Process*> find_holders(const World& world, const struct stat& file) {
  std::vector<const Process*> holders;
  std::FILE* locks = std::fopen("/proc/locks", "re");
  if (locks == nullptr) return holders;
  char line[256];
  while (std::fgets(line, sizeof line, locks) != nullptr) {
    // `1: POSIX  ADVISORY  WRITE 1234 fe:00:5678 0 EOF`; who waits has "->" behind the number.
    int pid = 0;
    unsigned device_major = 0, device_minor = 0;
    unsigned long inode = 0;
    if (std::sscanf(line, "%*d: %*[A-Z] %*s %*s %d %x:%x:%lu", &pid, &device_major, &device_minor,
                    &inode) != 4) {
      continue;
    }
    if (inode != file.st_ino || makedev(device_major, device_minor) != file.st_dev) continue;
    const Process* holder = find_process(world, pid);
    const bool is_known = std::find(holders.begin(), holders.end(), holder) != holders.end();
    if (holder != nullptr && !is_known) holders.push_back(holder);
  }
  std::fclose(locks);
  std::sort(holders.begin(), holders.end(),
            [](const Process* a, const Process* b) { return a->pid < b->pid; });
  return holders;
}

}  // namespace

void find_lock_holder(const World& world, const Task& task, std::int32_t descriptor,
                      WaitFacts& wait) {
  const auto& waiter = world.processes[task.process];
  struct stat file;
  if (stat(fmt::format("/proc/{}/fd/{}", waiter.real_pid, descriptor).c_str(), &file) != 0) return;
  const auto holders = find_holders(world, file);
  if (holders.empty()) return;
  const Process& first = *holders.front();
  if (holders.size() == 1 && &first == &waiter) {
    wait.holder_words = "held by its own process";
    return;
  }
  wait.holder_words =
      fmt::format("held by process {} \"{}\"", first.pid,
                  std::string_view(first.name, strnlen(first.name, sizeof first.name)));
  if (holders.size() > 1) wait.holder_words += fmt::format(" and {} more", holders.size() - 1);
  if (holders.size() == 1 && first.task_count == 1) wait.holder = first.main_task;
}

}  // namespace detsim
