#include "interpose/faults/paths.hpp"

#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/inodes.hpp"
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

// "begin-end rwxs ...      /path" of /proc/self/maps, whose line it is.
bool is_shared_within(const char* line, std::uint64_t begin, std::uint64_t end) {
  const auto hexadecimal = [&line] {
    std::uint64_t value = 0;
    for (; *line != ' ' && *line != '-' && *line != 0; ++line) {
      value =
          value * 16 + static_cast<std::uint64_t>(*line <= '9' ? *line - '0' : *line - 'a' + 10);
    }
    if (*line != 0) ++line;
    return value;
  };
  const auto first = hexadecimal(), last = hexadecimal();
  return first < end && begin < last && strlen(line) > 3 && line[3] == 's';
}

// Calls visit(line) for the lines of a file until it says false. Lines are cut at kPathMax + 128.
template <typename Visit>
void each_line(int fd, Visit visit) {
  char line[kPathMax + 128], bytes[512];
  std::size_t length = 0;
  for (long got; (got = raw(__NR_read, fd, bytes, sizeof bytes)) > 0;) {
    for (long i = 0; i < got; ++i) {
      if (bytes[i] != '\n') {
        if (length + 1 < sizeof line) line[length++] = bytes[i];
        continue;
      }
      line[length] = 0;
      length = 0;
      if (!visit(line)) return;
    }
  }
}

void cut_deleted(char* path) {
  const auto length = strlen(path);
  constexpr const char* kDeleted = " (deleted)";
  if (!ends_with(path, length, kDeleted)) return;
  path[length - strlen(kDeleted)] = 0;
  hide_number(path);
}

// What the kernel said of descriptors of the target. Which file a descriptor stands for changes
// with its entry in a table, and what that file is called with the names that the run gives and
// takes.
struct KnownPath {
  bool is_set;
  int fd;
  std::uint32_t table;
  std::uint64_t entries_put, names;
  char path[kPathMax];
};
constexpr unsigned kKnownPaths = 8;
KnownPath known_paths[kKnownPaths];

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
  cut_deleted(path);
  if (path[0] != '/') path[0] = 0;
}

void path_of_target_descriptor(int fd, char (&path)[kPathMax]) {
  auto& known = known_paths[static_cast<unsigned>(fd) % kKnownPaths];
  const auto table = current_table();
  const auto entries_put = descriptor_state().entries_put;
  const bool is_known = known.is_set && known.fd == fd && known.table == table &&
                        known.entries_put == entries_put && known.names == directory_changes();
  if (!is_known) {
    path_of_descriptor(fd, known.path);
    known.is_set = true;
    known.fd = fd;
    known.table = table;
    known.entries_put = entries_put;
    known.names = directory_changes();
  }
  copy_text(path, known.path, kPathMax);
}

void path_of_mapping(std::uint64_t begin, std::uint64_t end, char (&path)[kPathMax]) {
  path[0] = 0;
  const long fd = raw(__NR_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  each_line(static_cast<int>(fd), [&](const char* line) {
    if (!is_shared_within(line, begin, end)) return true;
    while (*line != 0 && *line != '/') ++line;
    copy_text(path, line, kPathMax);
    cut_deleted(path);
    return false;
  });
  raw(__NR_close, fd);
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
