#include "interpose/disk/nodes.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/faults/paths.hpp"

namespace detsim {
namespace {

constexpr long kPopulateWrite = 23;  // MADV_POPULATE_WRITE, since Linux 5.14
constexpr long kPathOnly = O_PATH | O_CLOEXEC;

class Opened {
 public:
  Opened(int directory, const char* path, long flags)
      : fd_(static_cast<int>(raw(__NR_openat, directory, path, flags))) {}
  ~Opened() {
    if (fd_ >= 0) raw(__NR_close, fd_);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::size_t length_below(const char* path, const char* directory) {
  const auto length = strlen(directory);
  if (strlen(path) < length || memcmp(path, directory, length) != 0) return 0;
  return path[length] == 0 || path[length] == '/' ? length : 0;
}

const DiskView* view_of(const char* path) {
  const auto& state = disk_state();
  for (std::uint32_t i = 0; i < state.views_used; ++i) {
    if (length_below(path, state.views[i].shown) != 0) return &state.views[i];
  }
  return nullptr;
}

NodeKind kind_of(const struct stat& status) {
  return S_ISDIR(status.st_mode) ? NodeKind::directory : NodeKind::file;
}

DiskNode* judged(const struct stat& status, const char* path) {
  const auto kind = is_on_disk(path) && status.st_nlink != 0 ? kind_of(status) : NodeKind::outside;
  auto& node = make_node(disk_state(), kind, status.st_dev, status.st_ino,
                         static_cast<std::uint64_t>(status.st_size));
  return kind == NodeKind::outside ? nullptr : &node;
}

// Splits a path into its directory, which may be "", and its last component.
bool split(char* path, Place& place) {
  auto end = strlen(path);
  while (end > 0 && path[end - 1] == '/') --end;
  auto begin = end;
  while (begin > 0 && path[begin - 1] != '/') --begin;
  if (begin == end || end - begin >= sizeof place.name) return false;
  memcpy(place.name, path + begin, end - begin);
  place.name[end - begin] = 0;
  path[begin] = 0;
  return !equal(place.name, ".") && !equal(place.name, "..");
}

void find_in_parent(int directory, char* path, Place& place) {
  if (!split(path, place)) return;
  const Opened parent(directory, path[0] == 0 ? "." : path, kPathOnly | O_DIRECTORY);
  struct stat status;
  if (parent.fd() < 0 || raw(__NR_fstat, parent.fd(), &status) != 0) return;
  path_of_descriptor(parent.fd(), place.directory_path);
  place.directory = disk_node(parent.fd(), status);
  if (place.directory == nullptr) return;
  place.exists =
      raw(__NR_newfstatat, parent.fd(), place.name, &place.status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!place.exists) return;
  place.node = find_node(disk_state(), place.status.st_dev, place.status.st_ino);
  if (place.node == nullptr || place.node->kind == NodeKind::outside) {
    if (place.node != nullptr) {
      hide_node(disk_state(), *place.node);
      forget_node(disk_state(), *place.node);
    }
    place.node = &make_node(disk_state(), kind_of(place.status), place.status.st_dev,
                            place.status.st_ino, static_cast<std::uint64_t>(place.status.st_size));
  }
}

}  // namespace

bool is_on_disk(const char* path) { return view_of(path) != nullptr; }

bool real_path(const char* path, char (&real)[kPathMax]) {
  const auto* view = view_of(path);
  if (view == nullptr) return false;
  Text<kPathMax> text;
  text << view->real << path + strlen(view->shown);
  copy_text(real, text.data(), kPathMax);
  return true;
}

namespace {

// A store to a page that the file system has no room for is SIGBUS: it is found out before.
void make_overflow_room(DiskState& state, std::uint32_t number) {
  const auto part = overflow_to_fill(state, number);
  if (part.bytes == 0) return;
  const long result = raw(__NR_madvise, part.begin, part.bytes, kPopulateWrite);
  if (result == -EFAULT || result == -ENOMEM) {
    fatal("what is not durable of the disk takes more than ", state.overflow_end >> 20,
          " MiB beyond memory, and there is no more room in ", state.own);
  }
  state.overflow_end += part.bytes;
}

}  // namespace

// Who has changed its user may not get there: then it must not be used.
void map_overflow() {
  auto& state = disk_state();
  if (state.stays_in_memory) return;
  Text<kPathMax> path;
  path << state.own << '/' << kOverflowName;
  const long fd = raw(__NR_openat, AT_FDCWD, path.data(), O_RDWR | O_CLOEXEC);
  if (fd < 0 && state.chunks_used <= kChunksInMemory) {
    state.stays_in_memory = true;
    return;
  }
  if (fd < 0) fatal("cannot open what is kept of the disk: errno ", -fd);
  const auto range = overflow_of(state);
  const long at = raw(__NR_mmap, range.begin, range.bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0);
  raw(__NR_close, fd);
  if (at != static_cast<long>(range.begin)) {
    fatal("cannot map what is kept of the disk: errno ", -at);
  }
  set_make_room(make_overflow_room);
}

DiskNode* disk_node(int fd, const struct stat& status) {
  if (auto* node = find_node(disk_state(), status.st_dev, status.st_ino)) {
    return node->kind == NodeKind::outside ? nullptr : node;
  }
  char path[kPathMax];
  path_of_descriptor(fd, path);
  return judged(status, path);
}

DiskNode* disk_file(int fd) {
  const Inode* file = file_behind(look_up(fd));
  if (file == nullptr) return nullptr;
  if (auto* node = find_node(disk_state(), file->device, file->number)) {
    return node->kind == NodeKind::file ? node : nullptr;
  }
  return disk_node(fd);
}

DiskNode* disk_node(int fd) {
  struct stat status;
  if (raw(__NR_fstat, fd, &status) != 0) return nullptr;
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? disk_node(fd, status) : nullptr;
}

DiskNode& new_disk_node(const struct stat& status) {
  auto& state = disk_state();
  if (auto* stale = find_node(state, status.st_dev, status.st_ino)) {
    hide_node(state, *stale);
    if (stale->pending == 0) forget_node(state, *stale);
  }
  return make_node(state, kind_of(status), status.st_dev, status.st_ino, 0);
}

void find_place(int directory, std::uint64_t user_path, Place& place) {
  char path[kPathMax];
  place.directory_path[0] = 0;
  if (copy_text_from_user(path, reinterpret_cast<const char*>(user_path), kPathMax) <= 0) return;
  find_in_parent(directory, path, place);
}

void find_place_below(char* path, Place& place) {
  place.directory_path[0] = 0;
  find_in_parent(AT_FDCWD, path, place);
}

}  // namespace detsim
