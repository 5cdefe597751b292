// Calls that change what is known about a file: owner, mode, times, attributes, length. What they
// change is real; the time at which they did is the run's.
#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/file_names.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/proc_paths.hpp"

namespace detsim {
namespace {

constexpr std::int64_t kNow = (1l << 30) - 1, kOmit = (1l << 30) - 2;  // UTIME_NOW, UTIME_OMIT

long changed_at(const KernelPath& at, int flags, FileTimes times, long result) {
  struct stat status;
  if (result == 0 && raw(__NR_newfstatat, at.directory(), at.path(), &status,
                         flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) == 0) {
    touch_file(status, times);
  }
  return result;
}

long changed(int fd, FileTimes times, long result) {
  struct stat status;
  if (result == 0 && raw(__NR_fstat, fd, &status) == 0) touch_file(status, times);
  return result;
}

// `call` gets the path as the kernel is to see it.
template <typename Call>
long change(const char* path, bool follow, FileTimes times, Call call) {
  const KernelPath at(AT_FDCWD, path, follow);
  if (at.error() != 0) return at.error();
  return changed_at(at, follow ? 0 : AT_SYMLINK_NOFOLLOW, times, call(at.path()));
}

long change_owner(int directory, const char* path, unsigned user, unsigned group, int flags) {
  const KernelPath at(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
  if (at.error() != 0) return at.error();
  return changed_at(at, flags, change_time,
                    raw(__NR_fchownat, at.directory(), at.path(), user, group, flags));
}

// Gives the record the times that were asked for; the file was changed already.
void set_times(Inode& inode, const timespec* times) {
  touch_file(inode, change_time);
  for (int i = 0; i < 2; ++i) {
    if (times[i].tv_nsec == kOmit) continue;
    inode.own_times |= i == 0 ? access_time : modification_time;
    const bool now = times[i].tv_nsec == kNow;
    (i == 0 ? inode.accessed : inode.modified) =
        now ? file_clock()
            : FileTime{times[i].tv_sec, static_cast<std::uint32_t>(times[i].tv_nsec)};
  }
}

timespec real_of(timespec shown) {
  if (shown.tv_nsec == kNow || shown.tv_nsec == kOmit) return shown;
  if (shown.tv_nsec < 0 || shown.tv_nsec >= 1'000'000'000) return shown;  // the kernel's EINVAL
  const auto real = real_time({shown.tv_sec, static_cast<std::uint32_t>(shown.tv_nsec)});
  return {real.s, static_cast<long>(real.ns)};
}

// `times` of nullptr: both are now. `path` of nullptr: the descriptor's file.
long set_times_at(int directory, const char* path, const timespec* times, int flags) {
  const timespec wanted[2] = {times != nullptr ? times[0] : timespec{0, kNow},
                              times != nullptr ? times[1] : timespec{0, kNow}};
  const timespec real[2] = {real_of(wanted[0]), real_of(wanted[1])};
  // Only nullptr allows who may write, but does not own, the file (utimensat(2)).
  const timespec* given = times != nullptr ? real : nullptr;
  struct stat status;
  long result;
  if (path == nullptr) {
    result = raw(__NR_utimensat, directory, nullptr, given, flags);
    if (result != 0 || raw(__NR_fstat, directory, &status) != 0) return result;
  } else {
    const KernelPath at(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0);
    if (at.error() != 0) return at.error();
    result = raw(__NR_utimensat, at.directory(), at.path(), given, flags);
    if (result != 0) return result;
    if (raw(__NR_newfstatat, at.directory(), at.path(), &status, flags) != 0) return result;
  }
  const bool nothing = wanted[0].tv_nsec == kOmit && wanted[1].tv_nsec == kOmit;
  if (!nothing) set_times(inode_of(status.st_dev, status.st_ino), wanted);
  return result;
}

long set_microseconds(int directory, const char* path, const void* times) {
  if (times == nullptr) return set_times_at(directory, path, nullptr, 0);
  std::int64_t value[2][2];
  if (!get_user(value, times)) return -EFAULT;
  timespec wanted[2];
  for (int i = 0; i < 2; ++i) {
    if (value[i][1] < 0 || value[i][1] >= 1'000'000) return -EINVAL;
    wanted[i] = {value[i][0], value[i][1] * 1000};
  }
  return set_times_at(directory, path, wanted, 0);
}

}  // namespace

namespace model {

long utimensat(int directory, const char* path, const void* times, int flags) {
  timespec wanted[2];
  if (times != nullptr && !get_user(wanted, times)) return -EFAULT;
  return set_times_at(directory, path, times != nullptr ? wanted : nullptr, flags);
}

long futimesat(int directory, const char* path, const void* times) {
  return set_microseconds(directory, path, times);
}

long utimes(const char* path, const void* times) { return set_microseconds(AT_FDCWD, path, times); }

long utime(const char* path, const void* times) {
  if (times == nullptr) return set_times_at(AT_FDCWD, path, nullptr, 0);
  std::int64_t seconds[2];
  if (!get_user(seconds, times)) return -EFAULT;
  const timespec wanted[2] = {{seconds[0], 0}, {seconds[1], 0}};
  return set_times_at(AT_FDCWD, path, wanted, 0);
}

long chmod(const char* path, unsigned mode) {
  return change(path, true, change_time, [&](const char* p) { return raw(__NR_chmod, p, mode); });
}

long fchmod(int fd, unsigned mode) { return changed(fd, change_time, raw(__NR_fchmod, fd, mode)); }

long fchmodat(int directory, const char* path, unsigned mode) {
  const KernelPath at(directory, path);
  if (at.error() != 0) return at.error();
  return changed_at(at, 0, change_time, raw(__NR_fchmodat, at.directory(), at.path(), mode));
}

long chown(const char* path, unsigned user, unsigned group) {
  return change_owner(AT_FDCWD, path, user, group, 0);
}
long lchown(const char* path, unsigned user, unsigned group) {
  return change_owner(AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}
long fchown(int fd, unsigned user, unsigned group) {
  return changed(fd, change_time, raw(__NR_fchown, fd, user, group));
}
long fchownat(int directory, const char* path, unsigned user, unsigned group, int flags) {
  return change_owner(directory, path, user, group, flags);
}

long setxattr(const char* path, const char* name, const void* value, std::size_t bytes, int flags) {
  return change(path, true, change_time,
                [&](const char* p) { return raw(__NR_setxattr, p, name, value, bytes, flags); });
}
long lsetxattr(const char* path, const char* name, const void* value, std::size_t bytes,
               int flags) {
  return change(path, false, change_time,
                [&](const char* p) { return raw(__NR_lsetxattr, p, name, value, bytes, flags); });
}
long fsetxattr(int fd, const char* name, const void* value, std::size_t bytes, int flags) {
  return changed(fd, change_time, raw(__NR_fsetxattr, fd, name, value, bytes, flags));
}
long removexattr(const char* path, const char* name) {
  return change(path, true, change_time,
                [&](const char* p) { return raw(__NR_removexattr, p, name); });
}
long lremovexattr(const char* path, const char* name) {
  return change(path, false, change_time,
                [&](const char* p) { return raw(__NR_lremovexattr, p, name); });
}
long fremovexattr(int fd, const char* name) {
  return changed(fd, change_time, raw(__NR_fremovexattr, fd, name));
}

long truncate(const char* path, std::int64_t length) {
  return change(path, true, kWrittenTimes,
                [&](const char* p) { return raw(__NR_truncate, p, length); });
}
long ftruncate(int fd, std::int64_t length) {
  return changed(fd, kWrittenTimes, raw(__NR_ftruncate, fd, length));
}
long fallocate(int fd, int mode, std::int64_t offset, std::int64_t length) {
  return changed(fd, kWrittenTimes, raw(__NR_fallocate, fd, mode, offset, length));
}

}  // namespace model
}  // namespace detsim
