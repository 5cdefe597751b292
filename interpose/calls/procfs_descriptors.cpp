// /proc/<pid>/fdinfo/<n>: the kernel's own, with numbers as the target knows them.
#include <sys/stat.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/procfs.hpp"

namespace detsim {
namespace {

// Numbers that the kernel counts for the whole machine, and locks, which name real pids.
bool is_dropped(const char* line) {
  return starts_with(line, "eventfd-id:") || starts_with(line, "lock:");
}

std::int32_t virtual_pid(std::int32_t real_pid) {
  const auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const Process& process = w.processes[i];
    if (process.state != ProcessState::unused && process.real_pid == real_pid) return process.pid;
  }
  return -1;
}

std::int32_t number_behind(const char* text) {
  while (*text != 0 && (*text < '0' || *text > '9')) ++text;
  std::int32_t number = 0;
  for (; *text >= '0' && *text <= '9'; ++text) number = number * 10 + (*text - '0');
  return number;
}

// Up to the inode and device numbers that watches name.
void put_watch(ProcText& out, const char* line) {
  for (const char* c = line; *c != 0 && !starts_with(c, " pos:") && !starts_with(c, " ino:"); ++c) {
    out << *c;
  }
  out << '\n';
}

}  // namespace

namespace proc {

void descriptor_info(ProcText& out, const ProcPath& path) {
  const char* number = path.rest + strlen("fdinfo/");
  Text<48> link;
  link << "fd/" << number;
  struct stat status;
  const bool known =
      raw(__NR_stat, real_proc_path(*path.process, link.data()).data(), &status) == 0;
  if (known) show_status(status, 1);
  LineReader lines(real_proc_path(*path.process, path.rest).data());
  while (const char* line = lines.next()) {
    if (is_dropped(line)) continue;
    if (starts_with(line, "ino:")) {
      out << "ino:\t" << (known ? status.st_ino : 0) << '\n';
    } else if (starts_with(line, "Pid:") || starts_with(line, "NSpid:")) {
      out << (*line == 'P' ? "Pid:\t" : "NSpid:\t") << virtual_pid(number_behind(line)) << '\n';
    } else if (starts_with(line, "tfd:") || starts_with(line, "inotify ")) {
      put_watch(out, line);
    } else {
      out << line << '\n';
    }
  }
}

}  // namespace proc
}  // namespace detsim
