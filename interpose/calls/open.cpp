// open and its relatives: files of /proc are the shim's own, new files get their identity.
#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/fifos.hpp"
#include "interpose/calls/file_names.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/proc_paths.hpp"
#include "interpose/calls/procfs.hpp"

namespace detsim {
namespace {

constexpr int kTemporary = 020000000;  // O_TMPFILE without O_DIRECTORY

bool exists(const KernelPath& at, int open_flags) {
  struct stat status;
  const int flags = (open_flags & (O_EXCL | O_NOFOLLOW)) != 0 ? AT_SYMLINK_NOFOLLOW : 0;
  return raw(__NR_newfstatat, at.directory(), at.path(), &status, flags) == 0;
}

// The settings of the machine stay as they are.
bool changes_machine(const KernelPath& at, int flags) {
  if ((flags & O_ACCMODE) == O_RDONLY) return false;
  const ProcPath& path = at.proc();
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
  } else if (!changes_machine(at, flags)) {
    return false;
  }
  return true;
}

void opened(const KernelPath& at, int fd, int flags, bool is_new) {
  struct stat status;
  if (!is_new && (flags & (O_TRUNC | kTemporary)) == 0) return;
  if (raw(__NR_fstat, fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
  if ((flags & kTemporary) != 0) {
    file_made(status);
  } else if (is_new) {
    file_made(status);
    touch_parent(at.directory(), at.path());
  } else {
    touch_file(status, kWrittenTimes);
  }
}

// `how` is as openat2 takes it.
long open_file(int directory, const char* path, open_how how) {
  const int flags = static_cast<int>(how.flags);
  const KernelPath at(directory, path, (flags & O_NOFOLLOW) == 0);
  long result;
  if (is_answered(at, flags, result)) return result;
  if (open_fifo(at.directory(), at.path(), flags, result)) return result;
  const bool is_new = (flags & O_CREAT) != 0 && !exists(at, flags);
  result = how.resolve != 0 ? raw(__NR_openat2, at.directory(), at.path(), &how, sizeof how)
                            : raw(__NR_openat, at.directory(), at.path(), flags, how.mode);
  if (result >= 0) opened(at, static_cast<int>(result), flags, is_new);
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
