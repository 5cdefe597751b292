// Calls that make, remove and rename files.
#include "interpose/calls/file_names.hpp"

#include <asm-generic/errno.h>
#include <linux/fcntl.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/proc_paths.hpp"

namespace detsim {
namespace {

bool look_at(int directory, const char* path, int flags, struct stat& status) {
  return raw(__NR_newfstatat, directory, path, &status, flags) == 0;
}

// A file was made at the path by a call that gave `result`.
long made(const KernelPath& at, long result) {
  if (result < 0) return result;
  struct stat status;
  if (look_at(at.directory(), at.path(), AT_SYMLINK_NOFOLLOW, status)) file_made(status);
  touch_parent(at.directory(), at.path());
  return result;
}

long make_node(int directory, const char* path, unsigned mode, std::uint64_t device) {
  const KernelPath at(directory, path, false);
  if (at.error() != 0) return at.error();
  return made(at, raw(__NR_mknodat, at.directory(), at.path(), mode, device));
}

long make_directory(int directory, const char* path, unsigned mode) {
  const KernelPath at(directory, path, false);
  if (at.error() != 0) return at.error();
  return made(at, raw(__NR_mkdirat, at.directory(), at.path(), mode));
}

long make_symlink(const char* target, int directory, const char* path) {
  const KernelPath at(directory, path, false);
  if (at.error() != 0) return at.error();
  return made(at, raw(__NR_symlinkat, target, at.directory(), at.path()));
}

long remove(int directory, const char* path, int flags) {
  const KernelPath at(directory, path, false);
  if (at.error() != 0) return at.error();
  struct stat before;
  const bool known = look_at(at.directory(), at.path(), AT_SYMLINK_NOFOLLOW, before);
  const long result = raw(__NR_unlinkat, at.directory(), at.path(), flags);
  if (result != 0) return result;
  if (known) touch_file(before, change_time);  // it may have other names, or be open
  touch_parent(at.directory(), at.path());
  return 0;
}

long make_link(int from_directory, const char* from, int to_directory, const char* to, int flags) {
  const KernelPath source(from_directory, from, (flags & AT_SYMLINK_FOLLOW) != 0);
  if (source.error() != 0) return source.error();
  const KernelPath at(to_directory, to, false);
  if (at.error() != 0) return at.error();
  const long result =
      raw(__NR_linkat, source.directory(), source.path(), at.directory(), at.path(), flags);
  if (result != 0) return result;
  struct stat status;
  if (look_at(at.directory(), at.path(), AT_SYMLINK_NOFOLLOW, status)) {
    // What came from O_TMPFILE is known; nothing was made.
    touch_file(status, change_time);
  }
  touch_parent(at.directory(), at.path());
  return 0;
}

long move(int from_directory, const char* from, int to_directory, const char* to, unsigned flags) {
  const KernelPath source(from_directory, from, false);
  if (source.error() != 0) return source.error();
  const KernelPath at(to_directory, to, false);
  if (at.error() != 0) return at.error();
  struct stat moved, replaced;
  const bool is_moved = look_at(source.directory(), source.path(), AT_SYMLINK_NOFOLLOW, moved);
  const bool is_replaced = look_at(at.directory(), at.path(), AT_SYMLINK_NOFOLLOW, replaced);
  const long result =
      raw(__NR_renameat2, source.directory(), source.path(), at.directory(), at.path(), flags);
  if (result != 0) return result;
  if (is_moved) touch_file(moved, change_time);
  if (is_replaced) touch_file(replaced, change_time);
  touch_parent(source.directory(), source.path());
  touch_parent(at.directory(), at.path());
  return 0;
}

}  // namespace

void touch_parent(int directory, const char* path) {
  ++directory_changes();
  char parent[kPathMax];
  long length = copy_text_from_user(parent, path, sizeof parent);
  if (length < 0) return;
  while (length > 0 && parent[length - 1] == '/') --length;
  while (length > 0 && parent[length - 1] != '/') --length;
  parent[length] = 0;
  struct stat status;
  const bool known = length > 0 || directory == AT_FDCWD
                         ? look_at(directory, length > 0 ? parent : ".", 0, status)
                         : raw(__NR_fstat, directory, &status) == 0;
  if (known) touch_file(status, kWrittenTimes);
}

void socket_file_made(const char* user_path, std::size_t bytes) {
  char path[kPathMax];  // need not be terminated there
  if (bytes >= sizeof path || !copy_from_user(path, user_path, bytes)) return;
  path[bytes] = 0;
  struct stat status;
  if (path[0] == 0 || !look_at(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, status)) return;
  file_made(status);
  touch_parent(AT_FDCWD, path);
}

void file_written(int fd) {
  if (Inode* file = file_behind(look_up(fd))) touch_file(*file, kWrittenTimes);
}

namespace model {

long mkdir(const char* path, unsigned mode) { return make_directory(AT_FDCWD, path, mode); }
long mkdirat(int directory, const char* path, unsigned mode) {
  return make_directory(directory, path, mode);
}
long mknod(const char* path, unsigned mode, std::uint64_t device) {
  return make_node(AT_FDCWD, path, mode, device);
}
long mknodat(int directory, const char* path, unsigned mode, std::uint64_t device) {
  return make_node(directory, path, mode, device);
}
long symlink(const char* target, const char* path) { return make_symlink(target, AT_FDCWD, path); }
long symlinkat(const char* target, int directory, const char* path) {
  return make_symlink(target, directory, path);
}
long rmdir(const char* path) { return remove(AT_FDCWD, path, AT_REMOVEDIR); }
long unlink(const char* path) { return remove(AT_FDCWD, path, 0); }
long unlinkat(int directory, const char* path, int flags) { return remove(directory, path, flags); }
long link(const char* from, const char* to) { return make_link(AT_FDCWD, from, AT_FDCWD, to, 0); }
long linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) {
  return make_link(from_directory, from, to_directory, to, flags);
}
long rename(const char* from, const char* to) { return move(AT_FDCWD, from, AT_FDCWD, to, 0); }
long renameat(int from_directory, const char* from, int to_directory, const char* to) {
  return move(from_directory, from, to_directory, to, 0);
}
long renameat2(int from_directory, const char* from, int to_directory, const char* to,
               unsigned flags) {
  return move(from_directory, from, to_directory, to, flags);
}

}  // namespace model
}  // namespace detsim
