#include "interpose/faults/paths.hpp"

#include <linux/fcntl.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/faults/points.hpp"

namespace detsim {
namespace {

// Of the system: what is there is not the program's own data.
constexpr const char* kSystemDirectories[] = {"/usr/", "/lib/",  "/lib32/", "/lib64/", "/libx32/",
                                              "/bin/", "/sbin/", "/etc/",   "/proc/",  "/sys/",
                                              "/dev/", "/run/",  "/boot/"};

void read_link(const char* link, char (&path)[kPathMax]) {
  const long length = raw(__NR_readlink, link, path, kPathMax - 1);
  path[length > 0 ? length : 0] = 0;
}

bool ends_with(const char* text, std::size_t length, const char* end) {
  const auto bytes = strlen(end);
  return length >= bytes && memcmp(text + length - bytes, end, bytes) == 0;
}

// A file without a name (O_TMPFILE) is called by its real inode number: "/tmp/#1234".
void hide_number(char* path) {
  auto at = strlen(path);
  while (at > 0 && path[at - 1] >= '0' && path[at - 1] <= '9') --at;
  if (at > 1 && path[at - 1] == '#' && path[at - 2] == '/') path[at] = 0;
}

// Takes `.`, `..` and doubled slashes out, in place.
void normalise(char* path) {
  char* to = path;
  for (const char* from = path; *from != 0;) {
    while (*from == '/') ++from;
    const char* end = from;
    while (*end != 0 && *end != '/') ++end;
    const auto length = static_cast<std::size_t>(end - from);
    if (length == 2 && from[0] == '.' && from[1] == '.') {
      while (to > path && *--to != '/') {
      }
    } else if (length != 0 && !(length == 1 && from[0] == '.')) {
      *to++ = '/';
      memmove(to, from, length);
      to += length;
    }
    from = end;
  }
  if (to == path) *to++ = '/';
  *to = 0;
}

bool is_below(const char* path, const char* directory) {
  const auto length = strlen(directory);
  if (memcmp(path, directory, length < strlen(path) ? length : strlen(path)) != 0) return false;
  return strlen(path) >= length && (path[length] == 0 || path[length] == '/');
}

}  // namespace

void path_of_descriptor(int fd, char (&path)[kPathMax]) {
  Text<48> link;
  link << "/proc/self/fd/" << fd;
  read_link(link.data(), path);
  const auto length = strlen(path);
  constexpr const char* kDeleted = " (deleted)";
  if (ends_with(path, length, kDeleted)) {
    path[length - strlen(kDeleted)] = 0;
    hide_number(path);
  }
  if (path[0] != '/') path[0] = 0;
}

void full_path(int directory, std::uint64_t user_path, char (&path)[kPathMax]) {
  char given[kPathMax];
  const long length =
      copy_text_from_user(given, reinterpret_cast<const char*>(user_path), kPathMax);
  path[0] = 0;
  if (length < 0) return;
  if (given[0] != '/') {
    if (directory == AT_FDCWD) {
      read_link("/proc/self/cwd", path);
    } else {
      path_of_descriptor(directory, path);
    }
  }
  const auto front = strlen(path);
  if (front + static_cast<std::size_t>(length) + 2 > kPathMax) {
    path[0] = 0;
    return;
  }
  path[front] = '/';
  copy_text(path + front + 1, given, kPathMax - front - 1);
  normalise(path);
}

bool is_in_disk_scope(const char* path) {
  if (path[0] != '/') return false;
  const auto& disk = fault_state().disk;
  for (std::uint32_t i = 0; i < disk.paths_used; ++i) {
    if (is_below(path, disk.paths[i])) return true;
  }
  if (disk.paths_used != 0) return false;
  const bool starts_at_root = disk.start_directory[0] == 0 || disk.start_directory[1] == 0;
  if (!starts_at_root && is_below(path, disk.start_directory)) return true;
  for (const char* system : kSystemDirectories) {
    if (starts_with(path, system)) return false;
  }
  return !starts_with(path, "/memfd:");
}

}  // namespace detsim
