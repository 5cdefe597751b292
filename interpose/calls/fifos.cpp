#include "interpose/calls/fifos.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/ioctls.h>
#include <linux/fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/idle.hpp"

namespace detsim {
namespace {

struct Fifo {
  long directory;
  const char* path;
  int flags;
  ObjectId object;

  IoObject& record() const { return object_of(object); }
  long open(int more_flags) const {
    return raw(__NR_openat, directory, path, flags | more_flags, 0);
  }
};

// The end is open: who waits for one learns of it, even if it is gone when they look.
long opened(const Fifo& fifo, long fd) {
  const int mode = fifo.flags & O_ACCMODE;
  if (fd < 0) return fd;
  if (mode != O_WRONLY) ++fifo.record().readers_so_far;
  if (mode != O_RDONLY) ++fifo.record().writers_so_far;
  set_descriptor(static_cast<int>(fd), {DescriptorKind::pipe, fifo.object});
  io_happened(fifo.object);
  return fd;
}

// A pipe without a name, found as /dev/fd/N: opening one does not wait.
bool is_nameless(int fd) {
  struct statfs system;
  return raw(__NR_fstatfs, fd, &system) == 0 && system.f_type == 0x50495045 /* PIPEFS_MAGIC */;
}

// A reader sees whether there is a writer by what an empty pipe says.
bool has_writer(int reader) {
  int waiting = 0;
  if (raw(__NR_ioctl, reader, FIONREAD, &waiting) == 0 && waiting > 0) return true;
  char byte;
  return raw(__NR_read, reader, &byte, 1) == -EAGAIN;
}

// The reader is there, so that a writer can come; it only is not given to the target yet.
long open_to_read(const Fifo& fifo) {
  const auto before = fifo.record().writers_so_far;
  const long fd = opened(fifo, fifo.open(O_NONBLOCK));
  if (fd < 0) return fd;
  const int reader = static_cast<int>(fd);
  while (fifo.record().writers_so_far == before && !has_writer(reader) && !is_nameless(reader)) {
    if (wait_for_io(fifo.object, kAnyEvent, kNever)) continue;
    raw(__NR_close, reader);
    forget_descriptor(reader);
    return kRestartSys;
  }
  raw(__NR_fcntl, reader, F_SETFL, raw(__NR_fcntl, reader, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

// A reader that came and went while the writer waited counts: then nobody may be there any more,
// and a reader of our own makes the opening possible.
long open_to_write(const Fifo& fifo) {
  const auto before = fifo.record().readers_so_far;
  for (;;) {
    const bool had_reader = fifo.record().readers_so_far != before;
    const long helper =
        had_reader ? raw(__NR_openat, fifo.directory, fifo.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
                   : -1;
    const long fd = fifo.open(O_NONBLOCK);
    if (helper >= 0) raw(__NR_close, helper);
    if (fd >= 0) {
      raw(__NR_fcntl, fd, F_SETFL, raw(__NR_fcntl, fd, F_GETFL) & ~O_NONBLOCK);
      return opened(fifo, fd);
    }
    if (fd != -ENXIO) return fd;
    if (!wait_for_io(fifo.object, kAnyEvent, kNever)) return kRestartSys;
  }
}

}  // namespace

long open_fifo(long directory, const char* path, int flags, const struct stat& status) {
  bool is_new;
  const ObjectId id =
      object_by_identity(DescriptorKind::pipe, status.st_dev, status.st_ino, is_new);
  if (is_new) object_of(id).exact = true;
  hold_object(id);
  const Fifo fifo{directory, path, flags, id};
  const int mode = flags & O_ACCMODE;
  long result;
  if (object_of(id).external || (flags & O_NONBLOCK) != 0 || mode == O_RDWR) {
    result = opened(fifo, fifo.open(0));
  } else {
    result = mode == O_RDONLY ? open_to_read(fifo) : open_to_write(fifo);
  }
  release_object(id);
  return result;
}

}  // namespace detsim
