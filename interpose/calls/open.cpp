// open and its relatives: files of /proc are the shim's own, new files get their identity.
#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors_classify.hpp"
#include "interpose/calls/fifos.hpp"
#include "interpose/calls/file_names.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/proc_paths.hpp"
#include "interpose/calls/procfs.hpp"

namespace detsim {
namespace {

constexpr int kTemporary = 020000000;  // O_TMPFILE without O_DIRECTORY

// What is at the path before it is opened. Not asked for what neither waits nor makes anything.
bool look_at(const KernelPath& at, int open_flags, struct stat& status) {
  if ((open_flags & (O_PATH | O_DIRECTORY)) != 0) return false;
  const bool follows =
      (open_flags & O_NOFOLLOW) == 0 && (open_flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
  return raw(__NR_newfstatat, at.directory(), at.path(), &status,
             follows ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
}

// The settings of the machine stay as they are.
bool changes_machine(const ProcPath& path, int flags) {
  if ((flags & O_ACCMODE) == O_RDONLY) return false;
  return path.kind == ProcPath::Kind::sys || path.kind == ProcPath::Kind::system;
}

// Carries out what the shim decides itself. True: `result` is the call's.
bool is_answered(const KernelPath& at, int flags, long& result) {
  result = at.error();
  if (result != 0) return true;
  if (at.is_ordinary() || (flags & O_PATH) != 0) return false;
  result = -EACCES;
  if (at.proc().file != nullptr) {
    result = open_proc_file(at.proc(), at.path(), flags);
  } else if (!changes_machine(at.proc(), flags)) {
    return false;
  }
  return true;
}

// A file that was there before: `status` is of then.
void opened(int fd, int flags, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return;
  set_descriptor(fd, regular_file(status));
  if ((flags & O_TRUNC) != 0) touch_file(status, kWrittenTimes);
}

void made(const KernelPath& at, int fd, int flags) {
  struct stat status;
  if (raw(__NR_fstat, fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
  file_made(status);
  if ((flags & kTemporary) == 0) touch_parent(at.directory(), at.path());
}

// A link led to a file below /proc or /sys that may not be the kernel's own. Its number stays.
long settle(int fd, int flags) {
  ProcPath path;
  proc_path_of_descriptor(fd, path);
  const bool is_missing = path.kind == ProcPath::Kind::missing;
  const bool is_refused = changes_machine(path, flags);
  if (!is_missing && !is_refused && path.file == nullptr) return fd;
  Text<48> link;
  link << "/proc/self/fd/" << fd;
  const long written = is_missing   ? -ENOENT
                       : is_refused ? -EACCES
                                    : open_proc_file(path, link.data(), flags);
  if (written < 0) {
    raw(__NR_close, fd);
    return written;
  }
  raw(__NR_dup3, written, fd, flags & O_CLOEXEC);
  raw(__NR_close, written);
  return fd;
}

bool is_special(const struct stat& status) {
  return status.st_dev == proc_device() || status.st_dev == sys_device();
}

// `how` is as openat2 takes it.
long open_file(int directory, const char* path, open_how how) {
  const int flags = static_cast<int>(how.flags);
  const KernelPath at(directory, path, (flags & O_NOFOLLOW) == 0);
  long result;
  if (is_answered(at, flags, result)) return result;
  struct stat before;
  const bool exists = look_at(at, flags, before);
  const bool is_exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  if (exists && S_ISFIFO(before.st_mode) && !is_exclusive) {
    return open_fifo(at.directory(), at.path(), flags, before);
  }
  result = how.resolve != 0 ? raw(__NR_openat2, at.directory(), at.path(), &how, sizeof how)
                            : raw(__NR_openat, at.directory(), at.path(), flags, how.mode);
  if (result < 0) return result;
  if (exists && is_special(before)) {
    return settle(static_cast<int>(result), flags);
  }
  if (exists) {
    opened(static_cast<int>(result), flags, before);
  } else if ((flags & (O_CREAT | kTemporary)) != 0) {
    made(at, static_cast<int>(result), flags);
  }
  return result;
}

}  // namespace

namespace model {

long open(const char* path, int flags, unsigned mode) {
  return open_file(AT_FDCWD, path,
                   {.flags = static_cast<unsigned>(flags), .mode = mode, .resolve = 0});
}

long openat(int directory, const char* path, int flags, unsigned mode) {
  return open_file(directory, path,
                   {.flags = static_cast<unsigned>(flags), .mode = mode, .resolve = 0});
}

long creat(const char* path, unsigned mode) {
  return open_file(AT_FDCWD, path,
                   {.flags = O_CREAT | O_WRONLY | O_TRUNC, .mode = mode, .resolve = 0});
}

long openat2(int directory, const char* path, const void* how, std::size_t bytes) {
  open_how wanted{};
  if (bytes < sizeof wanted) return -EINVAL;
  if (!get_user(wanted, how)) return -EFAULT;
  // Checked by the kernel, which is stricter than openat: unknown flags, mode without O_CREAT.
  if (bytes > sizeof wanted || wanted.flags >> 32 != 0 || (wanted.mode & ~07777ull) != 0 ||
      (wanted.mode != 0 && (wanted.flags & (O_CREAT | kTemporary)) == 0)) {
    return raw(__NR_openat2, directory, path, how, bytes);
  }
  return open_file(directory, path, wanted);
}

long memfd_create(const char* name, unsigned flags) {
  const long fd = raw(__NR_memfd_create, name, flags);
  struct stat status;
  if (fd >= 0 && raw(__NR_fstat, fd, &status) == 0) file_made(status);
  return fd;
}

}  // namespace model
}  // namespace detsim
