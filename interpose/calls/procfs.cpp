#include "interpose/calls/procfs.hpp"

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>

#include <initializer_list>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

using Kind = ProcPath::Kind;

#define SYSTEM(name, function) {name, Kind::system, false, proc::function},
#define PROCESS(name, function) {name, Kind::process, false, proc::function},
#define WRITABLE(name, function) {name, Kind::process, true, proc::function},
#define SYS(name, function) {name, Kind::sys, false, proc::function},
#define HIDDEN(kind, name)
constexpr ProcFile kFiles[] = {
#include "interpose/calls/procfs.def"
};
#undef SYSTEM
#undef PROCESS
#undef WRITABLE
#undef SYS
#undef HIDDEN
constexpr std::uint32_t kFilesCount = sizeof kFiles / sizeof kFiles[0];

struct HiddenFile {
  Kind kind;
  const char* name;
};
#define SYSTEM(name, function)
#define PROCESS(name, function)
#define WRITABLE(name, function)
#define SYS(name, function)
#define HIDDEN(kind, name) {Kind::kind, name},
constexpr HiddenFile kHidden[] = {
#include "interpose/calls/procfs.def"
};
#undef SYSTEM
#undef PROCESS
#undef WRITABLE
#undef SYS
#undef HIDDEN

Kind kind_of_row(const ProcPath& path) {
  return path.kind == Kind::task ? Kind::process : path.kind;
}

bool is_or_is_below(const char* text, const char* directory) {
  if (!starts_with(text, directory)) return false;
  const char next = text[strlen(directory)];
  return next == 0 || next == '/';
}

// '#' in a row's name stands for a number.
bool is_named(const char* rest, const char* name) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (; *name != 0; ++name) {
    if (*name != '#') {
      if (*rest++ != *name) return false;
      continue;
    }
    if (!is_digit(*rest)) return false;
    while (is_digit(*rest)) ++rest;
  }
  return *rest == 0;
}

// "devices/system/cpu/cpu7/...": 7; -1 when it is not of this kind.
long cpu_number(const char* rest) {
  constexpr const char kPrefix[] = "devices/system/cpu/cpu";
  if (!starts_with(rest, kPrefix)) return -1;
  const char* c = rest + sizeof kPrefix - 1;
  if (*c < '0' || *c > '9') return -1;
  long number = 0;
  for (; *c >= '0' && *c <= '9' && number < 100'000; ++c) number = number * 10 + (*c - '0');
  return *c == 0 || *c == '/' ? number : -1;
}

bool is_hidden_cpu(const char* rest) {
  const long number = cpu_number(rest);
  if (number < 0) return starts_with(rest, "devices/system/cpu/cpufreq");
  if (number >= static_cast<long>(world().config.cpus)) return true;
  for (const char* name : {"/cpufreq", "/cpuidle", "/thermal_throttle"}) {
    for (const char* at = rest; *at != 0; ++at) {
      if (*at == '/' && starts_with(at, name)) return true;
    }
  }
  return false;
}

void fill(int fd, const ProcFile& file, const ProcPath& path) {
  ProcText out(fd);
  file.write(out, path);
}

// The path of a file that is open, from what its record remembers.
bool path_of(const Inode& inode, ProcPath& path) {
  const ProcFile& file = kFiles[inode.subject];
  for (const char* c = file.name; *c != 0; ++c) {
    if (*c == '#') return false;  // which number is not remembered
  }
  Text<256> text;
  if (file.kind == Kind::process) {
    const Task* task = find_task(inode.task);
    if (task == nullptr) return false;  // its owner ended: what was written remains
    text << "/proc/" << process_of(*task).pid << "/task/" << task->tid << '/' << file.name;
  } else {
    text << (file.kind == Kind::sys ? "/sys/" : "/proc/") << file.name;
  }
  parse_proc_path(text.data(), true, path);
  return path.file == &file;
}

// A second description with the access that was asked for, at the number that the first one had.
long reopen(int fd, int flags) {
  constexpr int kKept = O_ACCMODE | O_NONBLOCK | O_CLOEXEC | O_APPEND;
  Text<48> link;
  link << "/proc/self/fd/" << fd;
  const long again = raw(__NR_open, link.data(), flags & kKept);
  if (again < 0) return again;
  raw(__NR_dup3, again, fd, flags & O_CLOEXEC);
  raw(__NR_close, again);
  return fd;
}

}  // namespace

const ProcFile* find_proc_file(const ProcPath& path) {
  for (const ProcFile& file : kFiles) {
    if (file.kind == kind_of_row(path) && is_named(path.rest, file.name)) return &file;
  }
  return nullptr;
}

bool is_hidden(const ProcPath& path) {
  for (const HiddenFile& hidden : kHidden) {
    if (hidden.kind == kind_of_row(path) && is_or_is_below(path.rest, hidden.name)) return true;
  }
  return path.kind == Kind::sys && is_hidden_cpu(path.rest);
}

long open_proc_file(const ProcPath& path, const char* real, int flags) {
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (writes && !path.file->writable) return -EACCES;
  // The kernel knows who may look. Of a zombie it knows nothing any more.
  if (path.process != nullptr && path.process->state == ProcessState::live) {
    constexpr int kReadable = 4, kWritable = 2, kEffectiveIds = 0x200;
    const int mode =
        (flags & O_ACCMODE) == O_WRONLY ? kWritable : kReadable | (writes ? kWritable : 0);
    const long error = raw(__NR_faccessat2, AT_FDCWD, real, mode, kEffectiveIds);
    if (error != 0) return error;
  }
  if ((flags & O_DIRECTORY) != 0) return -ENOTDIR;
  // As the link of a descriptor shows it: see show_path().
  const long fd = raw(__NR_memfd_create, path.text, 0);
  if (fd < 0) return fd;
  struct stat status;
  raw(__NR_fstat, fd, &status);
  Inode& inode = file_made(status);
  inode.generated = true;
  inode.subject = static_cast<std::uint32_t>(path.file - kFiles);
  inode.shown = proc_inode_number(path.text);
  inode.mode = path.file->writable ? 0644 : 0444;
  if (path.task != nullptr) {
    inode.task = path.task->tid;
  } else if (path.process != nullptr) {
    inode.task = path.process->pid;
  }
  fill(static_cast<int>(fd), *path.file, path);
  const long result = reopen(static_cast<int>(fd), flags);
  if (result < 0) raw(__NR_close, fd);
  return result;
}

void renew_proc_file(int fd, const Inode& inode) {
  DETSIM_INVARIANT(inode.generated && inode.subject < kFilesCount);
  ProcPath path;
  if (!path_of(inode, path)) return;
  Text<48> link;
  link << "/proc/self/fd/" << fd;
  const long again = raw(__NR_open, link.data(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (again < 0) return;
  fill(static_cast<int>(again), *path.file, path);
  raw(__NR_close, again);
}

long write_proc_file(const Inode& inode, const char* user_text, std::size_t bytes) {
  char name[kTaskNameBytes] = {};
  if (!copy_from_user(name, user_text, bytes < sizeof name - 1 ? bytes : sizeof name - 1)) {
    return -EFAULT;
  }
  Task* task = find_task(inode.task);
  if (task == nullptr) return -ESRCH;
  if (task->process != current_task().process) return -EINVAL;
  name_task(*task, name);
  return static_cast<long>(bytes);
}

ProcText& ProcText::hexadecimal(std::uint64_t value, unsigned digits) {
  for (unsigned i = 16; i-- > 0;) {
    if (i < digits || value >> (4 * i) != 0) text_ << "0123456789abcdef"[value >> (4 * i) & 15];
  }
  if (text_.size() > kFull) flush();
  return *this;
}

void ProcText::write(const char* bytes, std::size_t count) {
  if (text_.size() + count > 2 * kFull) flush();
  if (count > kFull) {
    raw(__NR_write, fd_, bytes, count);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) text_ << bytes[i];
}

void ProcText::flush() {
  raw(__NR_write, fd_, text_.data(), text_.size());
  text_.clear();
}

LineReader::LineReader(const char* path) : fd_(raw(__NR_open, path, O_RDONLY | O_CLOEXEC)) {}

LineReader::~LineReader() {
  if (fd_ >= 0) raw(__NR_close, fd_);
}

const char* LineReader::next() {
  for (;;) {
    for (std::size_t i = begin_; i < end_; ++i) {
      if (buffer_[i] != '\n') continue;
      const char* line = buffer_ + begin_;
      buffer_[i] = 0;
      begin_ = i + 1;
      return line;
    }
    memmove(buffer_, buffer_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    const auto room = sizeof buffer_ - 8 - end_;
    const long count = fd_ < 0 || room == 0 ? 0 : raw(__NR_read, fd_, buffer_ + end_, room);
    if (count > 0) {
      end_ += static_cast<std::size_t>(count);
      continue;
    }
    if (end_ == 0) return nullptr;
    buffer_[end_] = 0;  // a piece of a long line, or a last line without an end
    begin_ = end_ = 0;
    return buffer_;
  }
}

Text<64> real_proc_path(const Process& process, const char* name) {
  Text<64> path;
  path << "/proc/" << process.real_pid << '/' << name;
  return path;
}

}  // namespace detsim
