// read, write and their relatives. Regular files go straight to the kernel; everything else is
// tried without blocking, and waited for.
#include "interpose/calls/transfer.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <poll.h>
#include <signal.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/event_descriptors.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/calls/inotify.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/procfs.hpp"
#include "interpose/calls/random.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/calls/sockets.hpp"
#include "interpose/calls/timer_descriptors.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/limits.hpp"

namespace detsim {
namespace {

constexpr int kNowait = 8;                // RWF_NOWAIT
constexpr std::size_t kPiecesMax = 1024;  // UIO_MAXIOV

struct Piece {  // struct iovec
  char* base;
  std::size_t bytes;
};

/// A buffer in pieces; what was transferred is taken off its front.
struct Pieces {
  Piece* first;
  std::size_t count;

  void advance(std::size_t bytes) {
    while (count > 0 && bytes >= first->bytes) {
      bytes -= first->bytes;
      ++first, --count;
    }
    if (count > 0) first->base += bytes, first->bytes -= bytes;
  }
  std::size_t bytes() const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += first[i].bytes;
    return total;
  }
};

// Nothing to wait for, or nothing that the world knows about.
bool is_plain(DescriptorKind kind) {
  return kind == DescriptorKind::regular || kind == DescriptorKind::directory ||
         kind == DescriptorKind::other || kind == DescriptorKind::unknown;
}

long try_read(int fd, Descriptor descriptor, const Pieces& to) {
  IoObject* object = descriptor.object != kNoObject ? &object_of(descriptor.object) : nullptr;
  if (object != nullptr && !object->refuses_nowait) {
    const long result = raw(__NR_preadv2, fd, to.first, to.count, -1L, -1L, kNowait);
    if (result != -EOPNOTSUPP) return result;
    object->refuses_nowait = true;
  }
  if (descriptor.kind == DescriptorKind::pipe) {  // poll(2) does not tell of a FIFO's lost writers
    const WithoutBlocking scope(fd);
    return raw(__NR_readv, fd, to.first, to.count);
  }
  if (!is_ready(fd, POLLIN)) return -EAGAIN;
  return raw(__NR_readv, fd, to.first, to.count);
}

long try_write(int fd, Descriptor descriptor, const Pieces& from) {
  if (descriptor.kind == DescriptorKind::pipe && !object_of(descriptor.object).refuses_nowait) {
    const long result = raw(__NR_pwritev2, fd, from.first, from.count, -1L, -1L, kNowait);
    if (result != -EOPNOTSUPP) return result;
    object_of(descriptor.object).refuses_nowait = true;
  }
  const WithoutBlocking scope(fd);
  return raw(__NR_writev, fd, from.first, from.count);
}

long read_once(int fd, Descriptor descriptor, Pieces to) {
  const long result =
      until_ready(fd, descriptor, kReadable, kNever, [&] { return try_read(fd, descriptor, to); });
  if (result > 0) transferred(descriptor, kWritable);
  if (result > 0 && descriptor.kind == DescriptorKind::inotify)
    hide_cookies(to.first->base, result);
  return result;
}

// A pipe from outside: the buffer is filled, so that the producer's pace does not show. Only what
// is not there after a while is waited for as by anybody else.
long read_outside(int fd, Descriptor descriptor, Pieces to) {
  Interest interest;
  interest.add(descriptor.object, kReadable);
  long done = 0;
  while (to.bytes() != 0) {
    pollfd look{fd, POLLIN, 0};
    const int patience = done != 0 ? 200 : patience_ms(interest);
    const long ready = raw(__NR_poll, &look, 1, patience);
    if (ready == 0) {
      if (done != 0) break;
      waited_in_vain(interest);
      if (is_nonblocking(fd)) return -EAGAIN;
      if (!wait_for_io(interest, kNever)) return kRestartSys;
      if (!is_still(fd, descriptor)) return -EBADF;
      continue;
    }
    if (ready < 0) {  // a signal of the outside, to the process as such
      if (!wait_for_io(interest, world().scheduler.now_ns)) return done != 0 ? done : kRestartSys;
      continue;
    }
    const long result = raw(__NR_readv, fd, to.first, to.count);
    if (result == -EAGAIN) continue;
    if (result <= 0) return done != 0 ? done : result;
    done += result;
    to.advance(static_cast<std::size_t>(result));
    io_happened(descriptor.object, kWritable);
  }
  return done;
}

long receive(int fd, Descriptor descriptor, Pieces to) {
  switch (descriptor.kind) {
    case DescriptorKind::socket: return read_socket(fd, to.first, to.count);
    case DescriptorKind::random: {
      long done = 0;
      for (std::size_t i = 0; i < to.count; ++i) {
        const long result = draw_bytes(to.first[i].base, to.first[i].bytes);
        if (result < 0) return done != 0 ? done : result;
        done += result;
      }
      return done;
    }
    case DescriptorKind::timerfd:
      return until_ready(fd, descriptor, kReadable, kNever, [&] {
        return take_expirations(fd, object_of(descriptor.object), to.first->base, to.first->bytes);
      });
    case DescriptorKind::signalfd:
      return until_ready(fd, descriptor, kReadable, kNever, [&] {
        return take_signals(fd, object_of(descriptor.object), to.first->base, to.first->bytes);
      });
    case DescriptorKind::pipe:
      if (object_of(descriptor.object).external) return read_outside(fd, descriptor, to);
      break;
    default: break;
  }
  return read_once(fd, descriptor, to);
}

// The outside takes its time for real: that it is slow never shows.
long write_outside(int fd, Pieces from) {
  long done = 0;
  while (true) {
    const long result = raw(__NR_writev, fd, from.first, from.count);
    if (result == -EAGAIN || result == -EINTR) {
      pollfd look{fd, POLLOUT, 0};
      raw(__NR_poll, &look, 1, -1);
      continue;
    }
    if (result < 0) return done != 0 ? done : result;
    done += result;
    from.advance(static_cast<std::size_t>(result));
    if (result == 0 || from.bytes() == 0) return done;
  }
}

// A blocking write ends when everything was taken; what was taken already is the result of one
// that cannot go on.
long write_all(int fd, Descriptor descriptor, Pieces from) {
  long done = 0;
  for (;;) {
    const long result = until_ready(fd, descriptor, kWritable, kNever,
                                    [&] { return try_write(fd, descriptor, from); });
    if (result < 0) return done != 0 && result != -EPIPE ? done : result;
    if (result > 0) transferred(descriptor, kReadable);
    done += result;
    from.advance(static_cast<std::size_t>(result));
    if (result == 0 || from.bytes() == 0 || is_nonblocking(fd)) return done;
  }
}

long send(int fd, Descriptor descriptor, Pieces from) {
  if (descriptor.kind == DescriptorKind::timerfd || descriptor.kind == DescriptorKind::signalfd) {
    return -EINVAL;
  }
  if (descriptor.kind == DescriptorKind::socket) return write_socket(fd, from.first, from.count);
  const bool outside = descriptor.object != kNoObject && object_of(descriptor.object).external;
  return written(descriptor, outside ? write_outside(fd, from) : write_all(fd, descriptor, from));
}

// A file of /proc that the shim wrote and takes words for.
const Inode* generated(Descriptor descriptor) {
  const Inode* file = file_behind(descriptor);
  return file != nullptr && file->generated ? file : nullptr;
}

long copy_pieces(const void* vector, std::size_t count, Piece (&pieces)[kPiecesMax]) {
  if (count > kPiecesMax) return -EINVAL;
  if (!copy_from_user(pieces, vector, count * sizeof(Piece))) return -EFAULT;
  for (std::size_t i = 0; i < count; ++i) {
    if (static_cast<std::int64_t>(pieces[i].bytes) < 0) return -EINVAL;
  }
  return 0;
}

// A program that writes without end is stopped, always at the same byte.
void count_output(Descriptor descriptor, const Inode* file, std::uint64_t bytes) {
  RunLimits& limits = run_limits();
  if (limits.output_bytes_max == 0) return;
  bool is_output = descriptor.object != kNoObject && object_of(descriptor.object).external;
  for (const auto& output : limits.outputs) {
    is_output = is_output ||
                (file != nullptr && file->device == output.device && file->number == output.inode);
  }
  if (!is_output) return;
  limits.output_bytes += bytes;
  if (limits.output_bytes > limits.output_bytes_max) stop_run(Outcome::output_limit);
}

}  // namespace

bool is_ready(int fd, int events) {
  pollfd look{fd, static_cast<short>(events), 0};
  return raw(__NR_poll, &look, 1, 0) != 0;
}

// Space or data of one end is data or space of the other.
void transferred(Descriptor descriptor, std::uint32_t events_at_other_end) {
  if (descriptor.object == kNoObject) return;
  if (descriptor.kind != DescriptorKind::socket) {
    return io_happened(descriptor.object, events_at_other_end);
  }
  const IoObject& object = object_of(descriptor.object);
  if (object.external) io_happened(descriptor.object, events_at_other_end);
  if (object.peer != kNoObject || !object.exact) io_happened(object.peer, events_at_other_end);
}

// The kernel signals what the shim has it ignore: a pipe without reader, a file that grew beyond
// RLIMIT_FSIZE.
long written(Descriptor descriptor, long result) {
  const int number = result == -EPIPE ? SIGPIPE : result == -EFBIG ? SIGXFSZ : 0;
  if (number != 0) {
    post(current_task(),
         {.number = number, .code = SI_USER, .pid = current_process().pid, .uid = real_uid()});
  }
  if (result <= 0) return result;
  Inode* const file = file_behind(descriptor);
  if (file != nullptr) touch_file(*file, kWrittenTimes);
  count_output(descriptor, file, static_cast<std::uint64_t>(result));
  return result;
}

namespace model {

long read(int fd, void* buffer, std::size_t bytes) {
  const Descriptor descriptor = look_up(fd);
  if (is_plain(descriptor.kind)) return raw(__NR_read, fd, buffer, bytes);
  Piece piece{static_cast<char*>(buffer), bytes};
  return receive(fd, descriptor, {&piece, 1});
}

long write(int fd, const void* buffer, std::size_t bytes) {
  const Descriptor descriptor = look_up(fd);
  if (is_plain(descriptor.kind) || descriptor.kind == DescriptorKind::random) {
    if (const Inode* file = generated(descriptor); file != nullptr && file->mode == 0644) {
      return write_proc_file(*file, static_cast<const char*>(buffer), bytes);
    }
    return written(descriptor, raw(__NR_write, fd, buffer, bytes));
  }
  Piece piece{const_cast<char*>(static_cast<const char*>(buffer)), bytes};
  return send(fd, descriptor, {&piece, 1});
}

long readv(int fd, const void* vector, std::size_t count) {
  const Descriptor descriptor = look_up(fd);
  if (is_plain(descriptor.kind) || count == 0) return raw(__NR_readv, fd, vector, count);
  Piece pieces[kPiecesMax];
  if (const long error = copy_pieces(vector, count, pieces)) return error;
  return receive(fd, descriptor, {pieces, count});
}

long writev(int fd, const void* vector, std::size_t count) {
  const Descriptor descriptor = look_up(fd);
  if (is_plain(descriptor.kind) || descriptor.kind == DescriptorKind::random || count == 0) {
    return written(descriptor, raw(__NR_writev, fd, vector, count));
  }
  Piece pieces[kPiecesMax];
  if (const long error = copy_pieces(vector, count, pieces)) return error;
  return send(fd, descriptor, {pieces, count});
}

// With an offset there is nothing to wait for: what could be is not seekable.
long pread64(int fd, void* buffer, std::size_t bytes, std::int64_t offset) {
  const Descriptor descriptor = look_up(fd);
  if (descriptor.kind == DescriptorKind::random && offset >= 0) return draw_bytes(buffer, bytes);
  if (offset == 0) {
    if (const Inode* file = generated(descriptor)) renew_proc_file(fd, *file);
  }
  return raw(__NR_pread64, fd, buffer, bytes, offset);
}

long pwrite64(int fd, const void* buffer, std::size_t bytes, std::int64_t offset) {
  return written(look_up(fd), raw(__NR_pwrite64, fd, buffer, bytes, offset));
}

long preadv(int fd, const void* vector, std::size_t count, std::uint64_t low, std::uint64_t high) {
  if (look_up(fd).kind == DescriptorKind::random) return readv(fd, vector, count);
  return raw(__NR_preadv, fd, vector, count, low, high);
}

long pwritev(int fd, const void* vector, std::size_t count, std::uint64_t low, std::uint64_t high) {
  return written(look_up(fd), raw(__NR_pwritev, fd, vector, count, low, high));
}

long preadv2(int fd, const void* vector, std::size_t count, std::uint64_t low, std::uint64_t high,
             int flags) {
  const Descriptor descriptor = look_up(fd);
  const bool here = static_cast<std::int64_t>(low) == -1;
  if (descriptor.kind == DescriptorKind::random) return readv(fd, vector, count);
  if (here && (flags & ~kNowait) == 0 && !is_plain(descriptor.kind)) {
    if (flags == 0) return readv(fd, vector, count);
    if (!is_ready(fd, POLLIN)) return -EAGAIN;
  }
  const long result = raw(__NR_preadv2, fd, vector, count, low, high, flags);
  if (here && result > 0) transferred(descriptor, kWritable);
  return result;
}

long pwritev2(int fd, const void* vector, std::size_t count, std::uint64_t low, std::uint64_t high,
              int flags) {
  const Descriptor descriptor = look_up(fd);
  const bool here = static_cast<std::int64_t>(low) == -1;
  if (here && flags == 0) return writev(fd, vector, count);
  const long result = raw(__NR_pwritev2, fd, vector, count, low, high, flags);
  if (here && result > 0) transferred(descriptor, kReadable);
  return written(descriptor, result);
}

// Seeking back to the start of a file of /proc is asking for what it says by now.
long lseek(int fd, std::int64_t offset, int whence) {
  if (offset == 0 && whence == 0) {
    if (const Inode* file = generated(look_up(fd))) renew_proc_file(fd, *file);
  }
  return raw(__NR_lseek, fd, offset, whence);
}

}  // namespace model
}  // namespace detsim
