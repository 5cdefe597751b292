// Metadata as the target sees it: the kernel's, with numbers, times and free space of the run.
#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/proc_paths.hpp"
#include "interpose/calls/procfs.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/faults/sdk.hpp"
#include "interpose/faults/strike.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kDiskBytes = 1ull << 40;
constexpr std::uint64_t kDiskFiles = 1ull << 24;

std::uint64_t device_of(const struct stat& status) { return status.st_dev; }
std::uint64_t device_of(const struct statx& status) {
  return makedev(status.stx_dev_major, status.stx_dev_minor);
}

std::uint32_t processes_shown() {
  const auto& w = world();
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    count += w.processes[i].state != ProcessState::unused ? 1 : 0;
  }
  return count;
}

void set_links(struct stat& status, std::uint32_t links) { status.st_nlink = links; }
void set_links(struct statx& status, std::uint32_t links) { status.stx_nlink = links; }

// The number of a file of /proc. Directories of processes and tasks count them.
template <typename Status>
std::uint64_t show_proc(const ProcPath& path, Status& status) {
  constexpr std::uint32_t kOtherDirectories = 8;
  if (path.kind == ProcPath::Kind::processes) {
    set_links(status, kOtherDirectories + processes_shown());
  } else if (path.kind == ProcPath::Kind::tasks) {
    set_links(status, 2 + path.process->task_count);
  }
  return path.kind == ProcPath::Kind::elsewhere ? 1 : proc_inode_number(path.text);
}

// Of the file behind a descriptor; 0: it is none of /proc.
template <typename Status>
std::uint64_t show_proc(int fd, Status& status) {
  if (device_of(status) != proc_device()) return 0;
  ProcPath path;
  proc_path_of_descriptor(fd, path);
  return show_proc(path, status);
}

// An ordinary path may lead there by a link, such as /etc/mtab.
template <typename Status>
std::uint64_t show_proc(const KernelPath& at, Status& status) {
  if (!at.is_ordinary()) return show_proc(at.proc(), status);
  if (device_of(status) != proc_device()) return 0;
  const long fd = raw(__NR_openat, at.directory(), at.path(), O_PATH | O_CLOEXEC);
  if (fd < 0) return 1;
  const auto number = show_proc(static_cast<int>(fd), status);
  raw(__NR_close, fd);
  return number;
}

// "" or, since Linux 6.11, nullptr: the descriptor itself.
bool is_empty(const char* path) {
  char first = 1;
  return path == nullptr || (get_user(first, path) && first == 0);
}

template <typename Status>
long give(Status& status, std::uint64_t number, void* to) {
  show_status(status, number);
  return put_user(status, to) ? 0 : -EFAULT;
}

long status_of(int fd, void* to) {
  struct stat status;
  const long result = raw(__NR_fstat, fd, &status);
  return result != 0 ? result : give(status, show_proc(fd, status), to);
}

// The Antithesis SDK looks whether its library is there before it loads it: see faults/app.cpp.
bool asks_for_sdk(const char* path) {
  char text[kSdkLibraryBytes];
  return copy_from_user(text, path, sizeof text) && is_sdk_library(text);
}

long status_at(int directory, const char* path, void* to, int flags) {
  if (asks_for_sdk(path)) path = world().config.library;
  if ((flags & AT_EMPTY_PATH) != 0 && directory >= 0 && is_empty(path)) {
    return status_of(directory, to);
  }
  const KernelPath at(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
  if (at.error() != 0) return at.error();
  struct stat status;
  const long result = raw(__NR_newfstatat, at.directory(), at.path(), &status, flags);
  return result != 0 ? result : give(status, show_proc(at, status), to);
}

long give_space(struct statfs& space, void* to) {
  if (space.f_blocks != 0) {
    const auto block = space.f_frsize != 0 ? static_cast<std::uint64_t>(space.f_frsize) : 4096;
    space.f_blocks = kDiskBytes / block;
    const auto free = has_fault_plan() && is_disk_full() ? 0 : kDiskBytes / 2 / block;
    space.f_bfree = space.f_bavail = free;
  }
  if (space.f_files != 0) {
    space.f_files = kDiskFiles;
    space.f_ffree = kDiskFiles / 2;
  }
  return put_user(space, to) ? 0 : -EFAULT;
}

// Of a file that O_TMPFILE made: "/tmp/#<inode> (deleted)".
std::size_t show_temporary(const KernelPath& at, char* text, std::size_t length) {
  std::size_t name = length;
  while (name > 0 && text[name - 1] != '/') --name;
  struct stat status;
  if (text[name] != '#' || raw(__NR_newfstatat, at.directory(), at.path(), &status, 0) != 0) {
    return length;
  }
  Text<64> real, shown;
  real << '#' << status.st_ino << " (deleted)";
  shown << '#' << shown_inode(status.st_dev, status.st_ino) << " (deleted)";
  if (!equal(text + name, real.data()) || name + shown.size() >= kPathMax) return length;
  memcpy(text + name, shown.data(), shown.size() + 1);
  return name + shown.size();
}

// What /proc/<pid>/fd/<n> says of a file without a name: "pipe:[<inode>]".
std::size_t show_anonymous(const KernelPath& at, char* text, std::size_t length) {
  const char* kinds[] = {"pipe:[", "socket:["};
  for (const char* kind : kinds) {
    struct stat status;
    if (!starts_with(text, kind)) continue;
    if (raw(__NR_newfstatat, at.directory(), at.path(), &status, 0) != 0) continue;
    Text<64> shown;
    shown << kind << shown_inode(status.st_dev, status.st_ino) << ']';
    memcpy(text, shown.data(), shown.size() + 1);
    return shown.size();
  }
  return show_temporary(at, text, length);
}

long link_of(const KernelPath& at, char* text, std::size_t bytes) {
  const ProcPath& path = at.proc();
  if (path.kind == ProcPath::Kind::link) {
    Text<48> target;
    target << current_process().pid;
    if (path.is_thread_self) target << "/task/" << current_task().tid;
    memcpy(text, target.data(), target.size() + 1);
    return static_cast<long>(target.size());
  }
  const long length = raw(__NR_readlinkat, at.directory(), at.path(), text, bytes - 1);
  if (length < 0) return length;
  text[length] = 0;
  const auto shown = show_path(text, static_cast<std::size_t>(length), bytes - 1);
  return static_cast<long>(show_anonymous(at, text, shown));
}

long read_link(int directory, const char* path, char* buffer, int bytes) {
  if (bytes <= 0) return -EINVAL;
  const KernelPath at(directory, path, false);
  if (at.error() != 0) return at.error();
  if (at.is_ordinary()) return raw(__NR_readlinkat, directory, path, buffer, bytes);
  char text[kPathMax];
  const long length = link_of(at, text, sizeof text);
  if (length < 0) return length;
  const long count = length < bytes ? length : bytes;
  return copy_to_user(buffer, text, static_cast<std::size_t>(count)) ? count : -EFAULT;
}

long may_access(int directory, const char* path, int mode, int flags) {
  const KernelPath at(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
  if (at.error() != 0) return at.error();
  if (flags == 0) return raw(__NR_faccessat, at.directory(), at.path(), mode);
  return raw(__NR_faccessat2, at.directory(), at.path(), mode, flags);
}

}  // namespace

namespace model {

long stat(const char* path, void* status) { return status_at(AT_FDCWD, path, status, 0); }
long lstat(const char* path, void* status) {
  return status_at(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
long fstat(int fd, void* status) { return status_of(fd, status); }
long newfstatat(int directory, const char* path, void* status, int flags) {
  return status_at(directory, path, status, flags);
}

long statx(int directory, const char* path, int flags, unsigned mask, void* to) {
  struct statx status;
  if ((flags & AT_EMPTY_PATH) != 0 && directory >= 0 && is_empty(path)) {
    const long result = raw(__NR_statx, directory, "", flags, mask, &status);
    return result != 0 ? result : give(status, show_proc(directory, status), to);
  }
  const KernelPath at(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
  if (at.error() != 0) return at.error();
  const long result = raw(__NR_statx, at.directory(), at.path(), flags, mask, &status);
  return result != 0 ? result : give(status, show_proc(at, status), to);
}

long statfs(const char* path, void* to) {
  const KernelPath at(AT_FDCWD, path);
  if (at.error() != 0) return at.error();
  struct statfs space;
  const long result = raw(__NR_statfs, at.path(), &space);
  return result != 0 ? result : give_space(space, to);
}

long fstatfs(int fd, void* to) {
  struct statfs space;
  const Inode* file = file_behind(look_up(fd));
  const bool is_generated = file != nullptr && file->generated;
  const long result =
      is_generated ? raw(__NR_statfs, "/proc", &space) : raw(__NR_fstatfs, fd, &space);
  return result != 0 ? result : give_space(space, to);
}

long access(const char* path, int mode) { return may_access(AT_FDCWD, path, mode, 0); }
long faccessat(int directory, const char* path, int mode) {
  return may_access(directory, path, mode, 0);
}
long faccessat2(int directory, const char* path, int mode, int flags) {
  return may_access(directory, path, mode, flags);
}

long readlink(const char* path, char* buffer, int bytes) {
  return read_link(AT_FDCWD, path, buffer, bytes);
}
long readlinkat(int directory, const char* path, char* buffer, int bytes) {
  return read_link(directory, path, buffer, bytes);
}

long getcwd(char* buffer, std::size_t bytes) {
  char text[kPathMax];
  const long with_end = raw(__NR_getcwd, text, sizeof text);
  if (with_end <= 0) return with_end;
  const auto length = show_path(text, static_cast<std::size_t>(with_end) - 1, sizeof text - 1);
  if (length + 1 > bytes) return -ERANGE;
  return copy_to_user(buffer, text, length + 1) ? static_cast<long>(length + 1) : -EFAULT;
}

long chdir(const char* path) {
  const KernelPath at(AT_FDCWD, path);
  if (at.error() != 0) return at.error();
  const long result = raw(__NR_chdir, at.path());
  if (result == 0) directory_changed();
  return result;
}

long fchdir(int fd) {
  const long result = raw(__NR_fchdir, fd);
  if (result == 0) directory_changed();
  return result;
}

// -- extended attributes: paths are translated

long getxattr(const char* path, const char* name, void* value, std::size_t bytes) {
  const KernelPath at(AT_FDCWD, path);
  return at.error() != 0 ? at.error() : raw(__NR_getxattr, at.path(), name, value, bytes);
}
long lgetxattr(const char* path, const char* name, void* value, std::size_t bytes) {
  const KernelPath at(AT_FDCWD, path, false);
  return at.error() != 0 ? at.error() : raw(__NR_lgetxattr, at.path(), name, value, bytes);
}
long listxattr(const char* path, char* list, std::size_t bytes) {
  const KernelPath at(AT_FDCWD, path);
  return at.error() != 0 ? at.error() : raw(__NR_listxattr, at.path(), list, bytes);
}
long llistxattr(const char* path, char* list, std::size_t bytes) {
  const KernelPath at(AT_FDCWD, path, false);
  return at.error() != 0 ? at.error() : raw(__NR_llistxattr, at.path(), list, bytes);
}

}  // namespace model
}  // namespace detsim
