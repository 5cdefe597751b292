#include "interpose/entry/park_calls.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/ioctls.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/entry/park_files.hpp"

namespace detsim {
namespace {

bool is_own(std::uint64_t fd) {
  return is_file_of_view(static_cast<int>(fd)) || is_own_pipe(static_cast<int>(fd));
}

const char* text_at(std::uint64_t address) { return reinterpret_cast<const char*>(address); }

// Up to the last slash.
void cut_name(char* path) {
  char* end = path;
  for (char* at = path; *at != 0; ++at) {
    if (*at == '/' && at[1] != 0) end = at + 1;
  }
  if (end == path) *end++ = '.';
  *end = 0;
}

// Whether a name is, or would be, in the private view. Where the call itself will fail, it is.
bool is_name_of_view(std::uint64_t directory, std::uint64_t user_path, int flags) {
  char path[kPathMax];
  if (copy_text_from_user(path, text_at(user_path), sizeof path) < 0) return true;
  struct stat status;
  const auto look = [&](int how) {
    return raw(__NR_newfstatat, static_cast<int>(directory), path, &status, how);
  };
  const auto device = park_control().view_device;
  long result = look(flags);
  if (result == 0) {
    const bool is_plain = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ||
                          (flags != 0 && S_ISLNK(status.st_mode));
    return is_plain && device != 0 && status.st_dev == device;
  }
  if (result != -ENOENT) return true;
  if (look(AT_SYMLINK_NOFOLLOW) == 0) return false;  // a link to what is not there
  cut_name(path);
  result = look(0);
  return result != 0 || (device != 0 && status.st_dev == device);
}

bool is_name_of_view(std::uint64_t directory, std::uint64_t path) {
  return is_name_of_view(directory, path, AT_SYMLINK_NOFOLLOW);
}

bool opens_own(std::uint64_t directory, std::uint64_t path, std::uint64_t flags) {
  return (flags & O_TMPFILE) != O_TMPFILE && is_name_of_view(directory, path, 0);
}

bool controls_own(const Frame& f) {
  switch (f.rsi) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ: return is_own(f.rdi);
    case F_SETFL: return is_own(f.rdi) && (f.rdx & O_ASYNC) == 0;
    default: return false;
  }
}

bool polls_own(std::uint64_t list, std::uint64_t count) {
  constexpr std::uint64_t most = 64;
  if (count > most) return false;
  pollfd entries[most];
  if (!copy_from_user(entries, reinterpret_cast<const void*>(list), count * sizeof(pollfd)))
    return true;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (entries[i].fd >= 0 && !is_own(static_cast<std::uint64_t>(entries[i].fd))) return false;
  }
  return true;
}

constexpr auto kHere = static_cast<std::uint64_t>(AT_FDCWD);

bool changes_names_of_view(const Frame& f) {
  switch (f.number) {
    case __NR_truncate:
    case __NR_chmod: return is_name_of_view(kHere, f.rdi, 0);
    case __NR_fchmodat: return is_name_of_view(f.rdi, f.rsi, 0);
    case __NR_utimensat: return f.rsi == 0 ? is_own(f.rdi) : is_name_of_view(f.rdi, f.rsi, 0);
    case __NR_unlink:
    case __NR_mkdir:
    case __NR_rmdir: return is_name_of_view(kHere, f.rdi);
    case __NR_unlinkat:
    case __NR_mkdirat: return is_name_of_view(f.rdi, f.rsi);
    case __NR_rename: return is_name_of_view(kHere, f.rdi) && is_name_of_view(kHere, f.rsi);
    case __NR_renameat:
    case __NR_renameat2: return is_name_of_view(f.rdi, f.rsi) && is_name_of_view(f.rdx, f.r10);
    case __NR_symlink: return is_name_of_view(kHere, f.rsi);
    case __NR_symlinkat: return is_name_of_view(f.rsi, f.rdx);
    default: return false;
  }
}

}  // namespace

bool can_be_put_back(const Frame& f) {
  switch (f.number) {
    case __NR_open: return opens_own(kHere, f.rdi, f.rsi);
    case __NR_openat: return opens_own(f.rdi, f.rsi, f.rdx);
    case __NR_creat: return opens_own(kHere, f.rdi, 0);
    case __NR_read:
    case __NR_readv:
    case __NR_write:
    case __NR_writev:
    case __NR_pwrite64:
    case __NR_pwritev:
    case __NR_dup:
    case __NR_dup2:
    case __NR_dup3: return is_own(f.rdi);
    case __NR_ftruncate:
    case __NR_fallocate:
    case __NR_fsync:
    case __NR_fdatasync:
    case __NR_fchmod: return is_file_of_view(static_cast<int>(f.rdi));
    case __NR_pipe:
    case __NR_pipe2: return true;
    case __NR_fcntl: return controls_own(f);
    case __NR_poll:
    case __NR_ppoll: return polls_own(f.rdi, f.rsi);
    case __NR_ioctl: return f.rsi == TCGETS || (f.rsi == FIONREAD && is_own(f.rdi));
    default: return changes_names_of_view(f);
  }
}

}  // namespace detsim
