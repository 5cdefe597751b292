#include "interpose/disk/names.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>

#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/disk/writes.hpp"

namespace detsim::disk {
namespace {

constexpr std::uint64_t kTemporary = 020000000;  // O_TMPFILE without O_DIRECTORY
constexpr std::uint64_t kExchange = 2;           // RENAME_EXCHANGE

Text<kPathMax> grave_of(const DiskNode& node) {
  Text<kPathMax> path;
  path << disk_state().own << '/' << number_of(disk_state(), node);
  return path;
}

// A file that is about to lose its last name gets one where the target does not look, for the case
// that the loss does not reach the disk. True: it got one now.
bool bury(const Place& place) {
  if (place.node == nullptr || S_ISDIR(place.status.st_mode)) return false;
  const unsigned own_names = place.node->is_mapped ? 1 : 0;
  if (place.status.st_nlink != 1 + own_names || place.node->in_grave) return false;
  place.node->in_grave = true;
  if (place.node->is_mapped) return true;
  char directory[kPathMax];
  if (!real_path(place.directory_path, directory)) return false;
  Text<kPathMax> path;
  path << directory << '/' << place.name;
  const long result =
      raw(__NR_linkat, AT_FDCWD, path.data(), AT_FDCWD, grave_of(*place.node).data(), 0);
  if (result != 0) fatal("cannot keep a removed file of the disk: errno ", -result);
  return true;
}

void dig_up(const Place& place) {
  place.node->in_grave = false;
  if (!place.node->is_mapped) raw(__NR_unlink, grave_of(*place.node).data());
}

void note_added(const Place& place, const struct stat& status, DiskNode& node) {
  note_change(disk_state(), {.kind = ChangeKind::add,
                             .node = &node,
                             .directory = place.directory,
                             .of_directory = S_ISDIR(status.st_mode),
                             .mode = status.st_mode,
                             .name = place.name});
}

bool look_at(int directory, std::uint64_t path, int flags, struct stat& status) {
  return raw(__NR_newfstatat, directory, path, &status, flags) == 0;
}

// A file that was made by opening it: where it lies shows by its descriptor, whatever links led
// there.
void note_made(int fd, std::uint64_t flags) {
  struct stat status;
  if (raw(__NR_fstat, fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
  Text<48> link;
  link << "/proc/self/fd/" << fd;
  char path[kPathMax];
  const long length = raw(__NR_readlink, link.data(), path, kPathMax - 1);
  if (length <= 0) return;
  path[length] = 0;
  if (!is_on_disk(path)) return;
  auto& node = new_disk_node(status);
  if ((flags & kTemporary) != 0) return;
  Place place;
  find_place_below(path, place);
  if (place.directory != nullptr) note_added(place, status, node);
}

}  // namespace

long open_file(const Call& call, Frame& f, int directory, std::uint64_t path, std::uint64_t flags) {
  const bool truncates = (flags & O_TRUNC) != 0 && (flags & O_ACCMODE) != O_RDONLY;
  const bool makes = (flags & (O_CREAT | kTemporary)) != 0;
  if (!truncates && !makes) return call.handler(f);
  struct stat before;
  const bool exists = (flags & kTemporary) == 0 && look_at(directory, path, 0, before);
  if (!exists) {
    const long result = call.handler(f);
    if (result >= 0 && makes) note_made(static_cast<int>(result), flags);
    return result;
  }
  if (!truncates || !S_ISREG(before.st_mode) || before.st_size == 0) return call.handler(f);
  const long own = raw(__NR_openat, directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  auto* node = own < 0 ? nullptr : disk_node(static_cast<int>(own), before);
  DiskResize resize(node, static_cast<int>(own), 0);
  const long result = resize.end(call.handler(f));
  if (own >= 0) raw(__NR_close, own);
  return result;
}

long make(const Call& call, Frame& f, int directory, std::uint64_t path) {
  Place place;
  find_place(directory, path, place);
  const long result = call.handler(f);
  if (result != 0 || place.directory == nullptr || place.exists) return result;
  struct stat status;
  if (!look_at(directory, path, AT_SYMLINK_NOFOLLOW, status)) return result;
  auto* node = status.st_nlink > 1 && !S_ISDIR(status.st_mode)
                   ? find_node(disk_state(), status.st_dev, status.st_ino)
                   : nullptr;
  if (node == nullptr) node = &new_disk_node(status);
  if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
    node->size = static_cast<std::uint64_t>(status.st_size);
  }
  note_added(place, status, *node);
  return result;
}

long remove(const Call& call, Frame& f, int directory, std::uint64_t path) {
  Place place;
  find_place(directory, path, place);
  if (place.node == nullptr) return call.handler(f);
  const bool is_buried = bury(place);
  const long result = call.handler(f);
  if (result != 0) {
    if (is_buried) dig_up(place);
    return result;
  }
  const bool is_directory = S_ISDIR(place.status.st_mode);
  note_change(disk_state(), {.kind = ChangeKind::remove,
                             .node = place.node,
                             .directory = place.directory,
                             .of_directory = is_directory,
                             .mode = place.status.st_mode,
                             .name = place.name});
  if (is_directory) hide_node(disk_state(), *place.node);
  return result;
}

long rename(const Call& call, Frame& f, int from_directory, std::uint64_t from, int to_directory,
            std::uint64_t to, std::uint64_t flags) {
  Place source, target;
  find_place(from_directory, from, source);
  find_place(to_directory, to, target);
  const bool concerns = source.node != nullptr && target.directory != nullptr;
  const bool is_same = concerns && target.node == source.node;
  if (!concerns || is_same) return call.handler(f);
  const bool exchanges = (flags & kExchange) != 0;
  const bool is_buried = target.exists && !exchanges && bury(target);
  const long result = call.handler(f);
  if (result != 0) {
    if (is_buried) dig_up(target);
    return result;
  }
  const bool replaces_directory = target.exists && S_ISDIR(target.status.st_mode);
  note_change(disk_state(), {.kind = exchanges ? ChangeKind::exchange : ChangeKind::move,
                             .node = source.node,
                             .directory = source.directory,
                             .to_directory = target.directory,
                             .replaced = target.node,
                             .of_directory = S_ISDIR(source.status.st_mode),
                             .replaces_directory = replaces_directory,
                             .mode = replaces_directory ? target.status.st_mode : 0,
                             .name = source.name,
                             .to_name = target.name});
  if (replaces_directory && !exchanges) hide_node(disk_state(), *target.node);
  return result;
}

void empty_graves() {
  auto& state = disk_state();
  while (const auto number = take_released(state)) {
    Text<kPathMax> path;
    path << state.own << '/' << number;
    raw(__NR_unlink, path.data());
  }
}

}  // namespace detsim::disk
