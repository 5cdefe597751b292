// sendfile, splice, tee, vmsplice, copy_file_range: data that moves inside of the kernel, between
// descriptors of which either may have to be waited for.
#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <poll.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/transfer.hpp"
#include "interpose/disk/writes.hpp"

namespace detsim {
namespace {

constexpr unsigned kWithoutBlocking = 2;  // SPLICE_F_NONBLOCK

long moved(int from, int to, long result) {
  if (result > 0 && from >= 0) transferred(look_up(from), kWritable);
  if (to < 0) return result;
  const Descriptor target = look_up(to);
  if (result > 0) transferred(target, kReadable);
  return written(target, result);
}

// Waits until there is something to take and room for it; -1 stands for memory, which always is.
// `attempt` makes the call, without blocking.
template <typename Attempt>
long move(int from, int to, bool may_wait, Attempt attempt) {
  for (;;) {
    const bool empty = from >= 0 && !is_ready(from, POLLIN);
    const bool full = !empty && to >= 0 && !is_ready(to, POLLOUT);
    const long result = empty || full ? -EAGAIN : attempt();
    if (result != -EAGAIN) return moved(from, to, result);
    Interest interest;
    if (from >= 0 && !full) interest.add(look_up(from).object, kReadable);
    if (to >= 0 && !empty) interest.add(look_up(to).object, kWritable);
    if (!may_wait && !(full && interest.external)) return result;
    if (const int patience = interest.external ? patience_ms(interest) : 0) {
      pollfd look{empty ? from : to, static_cast<short>(empty ? POLLIN : POLLOUT), 0};
      if (raw(__NR_poll, &look, 1, patience) > 0) continue;
      waited_in_vain(interest);
    }
    if (!wait_for_io(interest, kNever)) return kRestartSys;
  }
}

// Whether a descriptor lets a call on it wait. Regular files never make one.
bool may_wait(int fd) { return fd < 0 || !is_nonblocking(fd); }

}  // namespace

namespace model {

long splice(int from, void* from_offset, int to, void* to_offset, std::size_t bytes,
            unsigned flags) {
  if (look_up(from).kind == DescriptorKind::random) return -EINVAL;  // programs go on with read
  if (bytes == 0) return raw(__NR_splice, from, from_offset, to, to_offset, bytes, flags);
  const bool waits = (flags & kWithoutBlocking) == 0 && may_wait(from) && may_wait(to);
  return move(from, to, waits, [&] {
    std::uint64_t offset = kCurrentOffset;
    if (to_offset != nullptr && !get_user(offset, to_offset)) return static_cast<long>(-EFAULT);
    DiskWrite write(to, offset, bytes);
    return write.end(
        raw(__NR_splice, from, from_offset, to, to_offset, bytes, flags | kWithoutBlocking));
  });
}

long tee(int from, int to, std::size_t bytes, unsigned flags) {
  const bool waits = (flags & kWithoutBlocking) == 0 && may_wait(from) && may_wait(to);
  const long result = move(
      from, to, waits, [&] { return raw(__NR_tee, from, to, bytes, flags | kWithoutBlocking); });
  return result;
}

// The direction is that of the pipe's end.
long vmsplice(int fd, const void* vector, std::size_t count, unsigned flags) {
  const long mode = raw(__NR_fcntl, fd, F_GETFL);
  if (mode < 0) return mode;
  const bool reads = (mode & O_ACCMODE) == O_RDONLY;
  return move(reads ? fd : -1, reads ? -1 : fd, (flags & kWithoutBlocking) == 0 && may_wait(fd),
              [&] { return raw(__NR_vmsplice, fd, vector, count, flags | kWithoutBlocking); });
}

// A blocking sendfile goes on until everything was sent or the file ends.
long sendfile(int to, int from, void* offset, std::size_t bytes) {
  if (look_up(from).kind == DescriptorKind::random) return -EINVAL;
  long done = 0;
  const bool waits = may_wait(to);
  while (done == 0 || static_cast<std::size_t>(done) < bytes) {
    const long result = move(-1, to, waits, [&] {
      const WithoutBlocking scope(to);
      const auto left = bytes - static_cast<std::size_t>(done);
      DiskWrite write(to, kCurrentOffset, left);
      return write.end(raw(__NR_sendfile, to, from, offset, left));
    });
    if (result <= 0) return done != 0 && result != -EPIPE ? done : result;
    done += result;
    if (!waits) break;
  }
  return done;
}

long copy_file_range(int from, void* from_offset, int to, void* to_offset, std::size_t bytes,
                     unsigned flags) {
  return written(look_up(to),
                 raw(__NR_copy_file_range, from, from_offset, to, to_offset, bytes, flags));
}

}  // namespace model
}  // namespace detsim
