#include "interpose/calls/descriptors_classify.hpp"

#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/pidfds.hpp"
#include "interpose/calls/terminals.hpp"

namespace detsim {
namespace {

constexpr long kPidfs = 0x50494446;  // statfs's f_type

constexpr unsigned kMemoryDevices = 1;  // major
constexpr unsigned kRandomMinor = 8, kUrandomMinor = 9;

Descriptor class_object(DescriptorKind kind, ObjectId& id) {
  if (id == kNoObject) {
    id = make_object(kind);
    object_of(id).pinned = true;
  }
  return {kind, id};
}

Descriptor device(int fd, const struct stat& status) {
  if (major(status.st_rdev) == kMemoryDevices) {
    const auto number = minor(status.st_rdev);
    return {number == kRandomMinor || number == kUrandomMinor ? DescriptorKind::random
                                                              : DescriptorKind::other};
  }
  const ObjectId terminal = terminal_object(fd, status.st_rdev);
  if (terminal == kNoObject) return {DescriptorKind::other};
  return {DescriptorKind::terminal, terminal};
}

Descriptor pidfd(int fd) {
  const auto real_pid = fdinfo_number(fd, "Pid:");
  return {DescriptorKind::pidfd, pidfd_object(static_cast<std::int32_t>(real_pid))};
}

Descriptor eventfd(int fd) {
  const auto number = fdinfo_number(fd, "eventfd-id:");
  if (number < 0) return {DescriptorKind::eventfd, make_object(DescriptorKind::eventfd)};
  bool is_new;
  const ObjectId id = object_by_identity(DescriptorKind::eventfd, kEventfdSpace,
                                         static_cast<std::uint64_t>(number), is_new);
  return {object_of(id).kind, id};
}

// Without an inode of its own: told by the name that /proc gives it.
Descriptor anonymous(int fd) {
  Text<48> path;
  path << "/proc/self/fd/" << fd;
  char name[32] = {};
  raw(__NR_readlink, path.data(), name, sizeof name - 1);
  if (equal(name, "anon_inode:[eventfd]")) return eventfd(fd);
  if (starts_with(name, "anon_inode:inotify")) {
    return class_object(DescriptorKind::inotify, descriptor_state().inotifies);
  }
  if (equal(name, "anon_inode:[eventpoll]")) {
    return {DescriptorKind::epoll, make_object(DescriptorKind::epoll)};
  }
  if (equal(name, "anon_inode:[pidfd]") || starts_with(name, "pidfd:")) return pidfd(fd);
  return {DescriptorKind::other};
}

// Pidfds have a file system of their own since Linux 6.9, and look like regular files in some
// versions of it.
Descriptor regular(int fd, const struct stat& status) {
  struct statfs system;
  const bool may_be_pidfd = major(status.st_dev) == 0 && status.st_size == 0;
  if (may_be_pidfd && raw(__NR_fstatfs, fd, &system) == 0 && system.f_type == kPidfs) {
    return pidfd(fd);
  }
  return regular_file(status);
}

void mark_external(int fd) {
  const Descriptor descriptor = classify(fd);
  if (descriptor.kind == DescriptorKind::terminal) {
    descriptor_state().outer_terminal = descriptor.object;
  }
  if (descriptor.object == kNoObject) return;
  IoObject& object = object_of(descriptor.object);
  object.external = true;
  object.exact = false;
  object.pinned = true;  // opened again (/dev/stdin, /dev/tty), it is still from outside
  set_descriptor(fd, descriptor);
}

struct DirectoryEntry {  // struct linux_dirent64
  std::uint64_t inode, offset;
  std::uint16_t bytes;
  std::uint8_t type;
  char name[1];
};

int number_of(const char* name) {
  int number = 0;
  for (; *name >= '0' && *name <= '9'; ++name) number = number * 10 + (*name - '0');
  return *name == 0 ? number : -1;
}

}  // namespace

Inode* file_behind(Descriptor descriptor) {
  const auto index = descriptor.detail();
  const bool is_file = descriptor.kind == DescriptorKind::regular && index != 0;
  return is_file ? &inode_at(index) : nullptr;
}

Descriptor regular_file(const struct stat& status) {
  Descriptor descriptor{DescriptorKind::regular};
  descriptor.set_detail(index_of(inode_of(status.st_dev, status.st_ino)));
  return descriptor;
}

Descriptor classify(int fd) {
  struct stat status;
  if (raw(__NR_fstat, fd, &status) != 0) return {};
  switch (status.st_mode & S_IFMT) {
    case S_IFREG: return regular(fd, status);
    case S_IFDIR: return {DescriptorKind::directory};
    case S_IFIFO: return {DescriptorKind::pipe, object_by_inode(fd, DescriptorKind::pipe)};
    case S_IFSOCK: return {DescriptorKind::socket, object_by_inode(fd, DescriptorKind::socket)};
    case S_IFCHR: return device(fd, status);
    case 0: return anonymous(fd);
    default: return {DescriptorKind::other};
  }
}

void look_at_inherited() {
  const long directory = raw(__NR_open, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    for (int fd = 0; fd < 3; ++fd) mark_external(fd);
    return;
  }
  alignas(8) char buffer[2048];
  for (;;) {
    const long bytes = raw(__NR_getdents64, directory, buffer, sizeof buffer);
    if (bytes <= 0) break;
    for (long at = 0; at < bytes;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      at += entry->bytes;
      if (entry->name[0] == '.') continue;
      const int fd = number_of(entry->name);
      if (fd >= 0 && fd != directory) mark_external(fd);
    }
  }
  raw(__NR_close, directory);
}

std::int64_t fdinfo_number(int fd, const char* label) {
  Text<48> path;
  path << "/proc/self/fdinfo/" << fd;
  const long file = raw(__NR_open, path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  char text[512];
  const long bytes = raw(__NR_read, file, text, sizeof text - 1);
  raw(__NR_close, file);
  if (bytes <= 0) return -1;
  text[bytes] = 0;
  for (const char* at = text; *at != 0; ++at) {
    if (!starts_with(at, label)) continue;
    at += strlen(label);
    while (*at == ' ' || *at == '\t') ++at;
    if (*at < '0' || *at > '9') return -1;
    std::int64_t number = 0;
    for (; *at >= '0' && *at <= '9'; ++at) number = number * 10 + (*at - '0');
    return number;
  }
  return -1;
}

}  // namespace detsim
