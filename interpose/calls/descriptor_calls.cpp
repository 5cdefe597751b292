// Making, copying and closing descriptors, and the switches on them.
#include <asm-generic/errno.h>
#include <asm-generic/ioctls.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/descriptors_async.hpp"
#include "interpose/calls/file_controls.hpp"
#include "interpose/calls/file_locks.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/sockets.hpp"
#include "interpose/calls/terminals.hpp"

namespace detsim {
namespace {

long make_pipe(void* ends, int flags) {
  int pair[2];
  const long result = raw(__NR_pipe2, pair, flags);
  if (result < 0) return result;
  const Descriptor pipe{DescriptorKind::pipe, object_by_inode(pair[0], DescriptorKind::pipe)};
  set_descriptor(pair[0], pipe);
  set_descriptor(pair[1], pipe);
  if (put_user(pair, ends)) return 0;
  for (const int fd : pair) {
    raw(__NR_close, fd);
    forget_descriptor(fd);
  }
  return -EFAULT;
}

long copied(int from, long to) {
  if (to >= 0 && to != from) copy_descriptor(from, static_cast<int>(to));
  return to;
}

long replace(int from, int to, int flags, long number) {
  const bool was_open = from != to && look_up(to).kind != DescriptorKind::unknown;
  const long result =
      number == __NR_dup2 ? raw(__NR_dup2, from, to) : raw(__NR_dup3, from, to, flags);
  if (result < 0) return result;
  if (was_open) forget_descriptor(to);
  return copied(from, result);
}

}  // namespace

namespace model {

long pipe(void* ends) { return make_pipe(ends, 0); }

long pipe2(void* ends, int flags) { return make_pipe(ends, flags); }

// Linux closes whatever close(2) answers, but for EBADF. What it was is asked before: whoever waits
// for the other end must learn of it.
long close(int fd) {
  look_up(fd);
  const long result = raw(__NR_close, fd);
  if (result != -EBADF) forget_descriptor(fd);
  return result == -EINTR ? 0 : result;
}

long close_range(std::uint32_t first, std::uint32_t last, std::uint32_t flags) {
  const bool closes = (flags & CLOSE_RANGE_CLOEXEC) == 0;
  if ((flags & CLOSE_RANGE_UNSHARE) != 0) unshare_descriptors();
  const long result = raw(__NR_close_range, first, last, flags);
  if (result != 0 || !closes) return result;
  const auto end = static_cast<std::uint32_t>(descriptors_end());
  for (std::uint32_t fd = first; fd <= last && fd < end; ++fd) {
    forget_descriptor(static_cast<int>(fd));
  }
  return result;
}

long dup(int fd) { return copied(fd, raw(__NR_dup, fd)); }

long dup2(int from, int to) { return replace(from, to, 0, __NR_dup2); }

long dup3(int from, int to, int flags) { return replace(from, to, flags, __NR_dup3); }

long fcntl(int fd, int command, std::uint64_t argument) {
  long result;
  if (async_command(fd, command, argument, result)) return result;
  if (lock_command(fd, command, argument, result)) return result;
  result = raw(__NR_fcntl, fd, command, argument);
  if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) return copied(fd, result);
  if (command == F_SETPIPE_SZ && result >= 0) io_happened(look_up(fd).object, kWritable);
  return result;
}

long ioctl(int fd, std::uint64_t request, std::uint64_t argument) {
  const Descriptor descriptor = look_up(fd);
  long result;
  if (request == FIOASYNC) {
    std::int32_t wanted;
    if (descriptor.kind == DescriptorKind::unknown) return -EBADF;
    if (!get_user(wanted, reinterpret_cast<void*>(argument))) return -EFAULT;
    return set_async(fd, wanted != 0);
  }
  if (file_command(fd, descriptor, request, argument, result)) return result;
  const bool is_socket = descriptor.kind == DescriptorKind::socket;
  if (is_socket && socket_ioctl(fd, request, argument, result)) return result;
  const bool is_terminal =
      descriptor.kind == DescriptorKind::terminal && descriptor.object != kNoObject;
  if (is_terminal && terminal_command(object_of(descriptor.object), request, argument, result)) {
    return result;
  }
  result = raw(__NR_ioctl, fd, request, argument);
  // Flushing or resetting a terminal shows at its other end.
  if (is_terminal && result == 0) io_happened(descriptor.object);
  return result;
}

}  // namespace model
}  // namespace detsim
