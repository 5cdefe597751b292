#include "interpose/calls/proc_paths.hpp"

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <sys/stat.h>

#include <initializer_list>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/procfs.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

using Kind = ProcPath::Kind;
// The link of a file that the shim wrote: "/memfd:/proc/1000/stat (deleted)".
constexpr const char kMemoryFile[] = "/memfd:", kDeleted[] = " (deleted)";

enum Place : std::uint8_t { unknown_place, ordinary_place, special_place };

bool is_below(const char* text, const char* directory) {
  if (!starts_with(text, directory)) return false;
  const char next = text[strlen(directory)];
  return next == 0 || next == '/';
}

// The number at the start of `text`, which ends there or at a slash; -1 when there is none.
std::int64_t number_at(const char* text) {
  std::int64_t number = 0;
  const char* c = text;
  for (; *c >= '0' && *c <= '9' && number < 1'000'000'000; ++c) number = number * 10 + (*c - '0');
  return c == text || (*c != 0 && *c != '/') ? -1 : number;
}

const char* behind_component(const char* text) {
  while (*text != 0 && *text != '/') ++text;
  return *text == '/' ? text + 1 : text;
}

// Behind these the kernel follows links of its own: what comes then is not ours to shorten.
bool leads_away(const char* component, std::size_t length) {
  for (const char* name : {"fd", "cwd", "root", "exe", "map_files", "ns"}) {
    if (strlen(name) == length && memcmp(name, component, length) == 0) return true;
  }
  return false;
}

// Puts the path behind the directory that stands in `to`, without ".", ".." and empty components.
bool append_normalised(char* to, const char* path) {
  std::size_t length = strlen(to);
  while (*path != 0) {
    while (*path == '/') ++path;
    std::size_t count = 0;
    while (path[count] != 0 && path[count] != '/') ++count;
    if (count == 2 && path[0] == '.' && path[1] == '.') {
      while (length > 0 && to[--length] != '/') {
      }
    } else if (count > 0 && !(count == 1 && path[0] == '.')) {
      const bool verbatim = starts_with(to, "/proc/") && leads_away(path, count);
      if (verbatim) count = strlen(path);
      if (length + count + 2 > kPathMax) return false;
      to[length++] = '/';
      memcpy(to + length, path, count);
      length += count;
    }
    to[length] = 0;
    path += count;
  }
  return true;
}

Process* process_named(std::int64_t pid) {
  if (pid <= 0) return nullptr;
  if (Process* process = find_process(static_cast<std::int32_t>(pid))) return process;
  const Task* task = find_task(static_cast<std::int32_t>(pid));
  return task == nullptr ? nullptr : &process_of(*task);
}

Task* task_named(const Process& process, std::int64_t tid) {
  Task* task = tid <= 0 ? nullptr : find_task(static_cast<std::int32_t>(tid));
  return task != nullptr && task->process == process.index ? task : nullptr;
}

// `at` stands behind "/proc/<pid>/" or its alias.
void parse_process(const char* at, ProcPath& path) {
  path.kind = Kind::process;
  path.rest = at;
  if (is_below(at, "task") && path.task == nullptr) {
    path.kind = Kind::tasks;
    path.rest = behind_component(at);
    if (*path.rest != 0) {
      path.task = task_named(*path.process, number_at(path.rest));
      path.kind = path.task != nullptr ? Kind::task : Kind::missing;
      path.rest = behind_component(path.rest);
    }
  } else if (path.task != nullptr) {
    path.kind = Kind::task;
  }
  if (path.kind == Kind::missing) return;
  path.file = find_proc_file(path);
  if (path.file == nullptr && is_hidden(path)) path.kind = Kind::missing;
}

// `text` begins with "/proc".
void parse_proc(const char* text, bool follow, ProcPath& path) {
  const char* at = text + strlen("/proc");
  if (*at == '/') ++at;
  path.kind = Kind::processes;
  if (*at == 0) return;
  const char* next = behind_component(at);
  const bool is_self = is_below(at, "self"), is_thread_self = is_below(at, "thread-self");
  if (is_self || is_thread_self) {
    path.is_thread_self = is_thread_self;
    path.process = &current_process();
    if (is_thread_self) path.task = &current_task();
    path.kind = Kind::link;
    if (*next == 0 && !follow) return;
    return parse_process(next, path);
  }
  const auto number = number_at(at);
  if (number >= 0) {
    path.process = process_named(number);
    path.kind = Kind::missing;
    if (path.process == nullptr) return;
    return parse_process(next, path);
  }
  path.kind = Kind::system;
  path.rest = at;
  path.file = find_proc_file(path);
  if (path.file == nullptr && is_hidden(path)) path.kind = Kind::missing;
}

void parse_sys(const char* text, ProcPath& path) {
  path.kind = Kind::sys;
  path.rest = text + strlen("/sys");
  if (*path.rest == '/') ++path.rest;
  path.file = find_proc_file(path);
  if (path.file == nullptr && is_hidden(path)) path.kind = Kind::missing;
}

// What is there is the kernel's own, or not there.
void parse_hidden(const char* rest, Kind kind, ProcPath& path) {
  path.kind = kind;
  path.rest = *rest == '/' ? rest + 1 : rest;
  path.kind = is_hidden(path) ? Kind::missing : Kind::elsewhere;
}

// The canonical text: pids in place of "self".
void write_text(ProcPath& path) {
  Text<kPathMax> text;
  if (path.kind == Kind::sys) {
    text << "/sys/" << path.rest;
  } else {
    text << "/proc";
    if (path.kind == Kind::link) text << (path.is_thread_self ? "/thread-self" : "/self");
    if (path.process != nullptr && path.kind != Kind::link) text << '/' << path.process->pid;
    if (path.kind == Kind::tasks || path.kind == Kind::task) text << "/task";
    if (path.kind == Kind::task) text << '/' << path.task->tid;
    if (*path.rest != 0) text << '/' << path.rest;
  }
  path.length = static_cast<std::uint32_t>(text.size());
  const auto rest_length = strlen(path.rest);
  memcpy(path.text, text.data(), text.size() + 1);
  path.rest = path.text + path.length - rest_length;
}

// What the kernel calls it.
void write_real(const ProcPath& path, char* real) {
  Text<kPathMax> text;
  text << "/proc/" << path.process->real_pid;
  if (path.kind == Kind::tasks || path.kind == Kind::task) text << "/task";
  if (path.kind == Kind::task) text << '/' << path.process->real_pid;
  if (*path.rest != 0) text << '/' << path.rest;
  memcpy(real, text.data(), text.size() + 1);
}

// All processors look like the first one: there may be more of them than the machine has.
bool write_real_cpu(const ProcPath& path, char* real) {
  constexpr const char kPrefix[] = "devices/system/cpu/cpu";
  if (!starts_with(path.rest, kPrefix)) return false;
  const char* number = path.rest + sizeof kPrefix - 1;
  if (number_at(number) < 0) return false;
  Text<kPathMax> text;
  text << "/sys/" << kPrefix << '0';
  const char* rest = behind_component(number);
  if (*rest != 0) text << '/' << rest;
  memcpy(real, text.data(), text.size() + 1);
  return true;
}

bool is_special(const struct stat& directory) {
  return directory.st_dev == proc_device() || directory.st_dev == sys_device();
}

bool works_there() {
  auto& place = current_process().directory_place;
  if (place == unknown_place) {
    struct stat status;
    const bool known = raw(__NR_stat, ".", &status) == 0;
    place = known && is_special(status) ? special_place : ordinary_place;
  }
  return place == special_place;
}

// The directory that a relative path starts from, if it is below /proc or /sys.
bool find_base(int directory, char* base) {
  struct stat status;
  Text<48> link;
  if (directory == AT_FDCWD) {
    if (!works_there()) return false;
    link << "/proc/self/cwd";
  } else {
    if (raw(__NR_fstat, directory, &status) != 0 || !is_special(status)) return false;
    link << "/proc/self/fd/" << directory;
  }
  const long length = raw(__NR_readlink, link.data(), base, kPathMax - 1);
  if (length <= 0) return false;
  base[show_path(base, static_cast<std::size_t>(length), kPathMax - 1)] = 0;
  return is_below(base, "/proc") || is_below(base, "/sys");
}

// "link/" and "link/." are what the link leads to.
bool ends_in_directory(const char* text, long length) {
  if (length > 1 && text[length - 1] == '.') --length;
  return length > 0 && text[length - 1] == '/';
}

bool mentions(const char* text, const char* word) {
  for (; *text != 0; ++text) {
    if (*text == '/' && starts_with(text + 1, word)) return true;
  }
  return false;
}

}  // namespace

void parse_proc_path(const char* text, bool follow, ProcPath& path) {
  path.kind = Kind::elsewhere;
  path.process = nullptr;
  path.task = nullptr;
  path.file = nullptr;
  path.is_thread_self = false;
  path.rest = "";
  if (is_below(text, "/proc")) parse_proc(text, follow, path);
  if (is_below(text, "/sys")) parse_sys(text, path);
  if (is_below(text, "/dev")) parse_hidden(text + strlen("/dev"), Kind::device, path);
  if (is_below(text, "/var/lib")) parse_hidden(text + strlen("/var/lib"), Kind::kept, path);
  if (path.kind != Kind::elsewhere && path.kind != Kind::missing) write_text(path);
}

long find_proc_path(int directory, const char* user_path, bool follow, ProcPath& path) {
  path.kind = Kind::elsewhere;
  if (user_path == nullptr) return 0;  // the kernel's EFAULT, or AT_EMPTY_PATH's new form
  char given[kPathMax], absolute[kPathMax];
  const long length = copy_text_from_user(given, user_path, sizeof given);
  if (length < 0) return length;
  absolute[0] = 0;
  if (given[0] == '/') {
    const bool is_elsewhere = !mentions(given, "proc") && !mentions(given, "sys") &&
                              !mentions(given, "dev/") && !mentions(given, "var/lib");
    if (is_elsewhere) return 0;
  } else if (length == 0 || !find_base(directory, absolute)) {
    return 0;
  }
  if (!append_normalised(absolute, given)) return -ENAMETOOLONG;
  parse_proc_path(absolute, follow || ends_in_directory(given, length), path);
  return 0;
}

void proc_path_of_descriptor(int fd, ProcPath& path) {
  Text<48> link;
  link << "/proc/self/fd/" << fd;
  char text[kPathMax];
  const long length = raw(__NR_readlink, link.data(), text, sizeof text - 1);
  path.kind = Kind::elsewhere;
  if (length <= 0) return;
  text[show_path(text, static_cast<std::size_t>(length), sizeof text - 1)] = 0;
  parse_proc_path(text, true, path);
}

KernelPath::KernelPath(int directory, const char* user_path, bool follow)
    : directory_(directory), path_(user_path) {
  error_ = find_proc_path(directory, user_path, follow, proc_);
  if (error_ != 0 || proc_.kind == Kind::elsewhere) return;
  if (proc_.kind == Kind::missing) {
    error_ = -ENOENT;
    return;
  }
  directory_ = AT_FDCWD;
  path_ = proc_.text;
  if (proc_.kind == Kind::sys && write_real_cpu(proc_, real_)) path_ = real_;
  if (proc_.process == nullptr || proc_.kind == Kind::link) return;
  write_real(proc_, real_);
  path_ = real_;
}

std::size_t show_path(char* text, std::size_t length, std::size_t bytes) {
  text[length] = 0;
  const char* name = text + sizeof kMemoryFile - 1;
  if (starts_with(text, kMemoryFile) && (is_below(name, "/proc") || is_below(name, "/sys"))) {
    constexpr std::size_t kAround = sizeof kMemoryFile - 1 + sizeof kDeleted - 1;
    memmove(text, name, length - kAround + 1);
    text[length - kAround] = 0;
    return length - kAround;
  }
  if (!starts_with(text, "/proc/")) return length;
  const auto real_pid = number_at(text + 6);
  if (real_pid < 0) return length;
  const auto& w = world();
  const Process* process = nullptr;
  for (std::uint32_t i = 0; i < w.processes_used && process == nullptr; ++i) {
    const Process& candidate = w.processes[i];
    if (candidate.state != ProcessState::unused && candidate.real_pid == real_pid) {
      process = &candidate;
    }
  }
  if (process == nullptr) return length;
  const char* rest = behind_component(text + 6);
  Text<kPathMax> shown;
  shown << "/proc/" << process->pid;
  if (*rest != 0) shown << '/' << rest;
  const auto count = shown.size() < bytes ? shown.size() : bytes;
  memcpy(text, shown.data(), count);
  text[count] = 0;
  return count;
}

void directory_changed() { current_process().directory_place = unknown_place; }

}  // namespace detsim
