#include "interpose/calls/event_descriptors.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/signalfd.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors_classify.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

// What a timerfd or signalfd has to show now; 0: it is not ready.
std::uint64_t to_show(const IoObject& object) {
  if (object.kind == DescriptorKind::timerfd) return world().timers[object.value].expirations;
  return (current_thread().pending.set | current_process().pending.set) & object.value;
}

void drain(int fd) {
  std::uint64_t value;
  struct {
    void* base;
    std::size_t bytes;
  } piece{&value, sizeof value};
  raw(__NR_preadv2, fd, &piece, 1, -1L, -1L, 8 /* RWF_NOWAIT */);
}

// Every signal is written, or an edge-triggered epoll would miss it. A timer is only once: the
// kernel's does not run on, in effect, before it is read.
void show(int fd) {
  IoObject& object = object_of(known_descriptor(fd).object);
  const auto now = to_show(object);
  const bool is_timer = object.kind == DescriptorKind::timerfd;
  const bool has_more = is_timer ? now != 0 && object.shown == 0 : (now & ~object.shown) != 0;
  if (now == 0 && object.shown != 0) drain(fd);
  if (has_more) {
    const std::uint64_t one = 1;
    raw(__NR_write, fd, &one, sizeof one);
  }
  object.shown = now;
}

bool is_backed(int fd) {
  const auto kind = known_descriptor(fd).kind;
  return kind == DescriptorKind::timerfd || kind == DescriptorKind::signalfd;
}

signalfd_siginfo for_signalfd(const SignalInfo& info) {
  signalfd_siginfo out{};
  out.ssi_signo = static_cast<std::uint32_t>(info.number);
  out.ssi_errno = info.error;
  out.ssi_code = info.code;
  if (info.code == SI_TIMER) {
    out.ssi_tid = static_cast<std::uint32_t>(info.pid);
    out.ssi_overrun = info.uid;
  } else {
    out.ssi_pid = static_cast<std::uint32_t>(info.pid);
    out.ssi_uid = info.uid;
  }
  out.ssi_status = info.status;
  out.ssi_int = static_cast<std::int32_t>(info.value);
  out.ssi_ptr = info.value;
  out.ssi_utime = info.utime;
  out.ssi_stime = info.stime;
  return out;
}

long make_eventfd(unsigned value, int flags) {
  const long fd = raw(__NR_eventfd2, value, flags);
  if (fd < 0) return fd;
  forget_descriptor(static_cast<int>(fd));
  const Descriptor descriptor = look_up(static_cast<int>(fd));
  if (descriptor.object != kNoObject) object_of(descriptor.object).exact = true;
  return fd;
}

}  // namespace

void show_backed() {
  const DescriptorTable& table = descriptor_state().tables[current_table()];
  if (table.backed_count == 0) return;
  if (table.backed_count <= kBackedMax) {
    for (std::uint32_t i = 0; i < table.backed_count; ++i) {
      if (is_backed(table.backed[i])) show(table.backed[i]);
    }
    return;
  }
  for (int fd = 0; fd < static_cast<int>(table.end); ++fd) {
    if (is_backed(fd)) show(fd);
  }
}

bool has_backed() { return descriptor_state().tables[current_table()].backed_count != 0; }

long make_backed(DescriptorKind kind, bool nonblocking, bool close_on_exec) {
  const long fd = make_eventfd(0, (nonblocking ? O_NONBLOCK : 0) | (close_on_exec ? O_CLOEXEC : 0));
  if (fd < 0) return fd;
  const ObjectId id = look_up(static_cast<int>(fd)).object;
  object_of(id).kind = kind;
  set_descriptor(static_cast<int>(fd), {kind, id});
  return fd;
}

void hide_backed(int fd, IoObject& object) {
  if (object.shown != 0) drain(fd);
  object.shown = 0;
}

long take_signals(int fd, IoObject& object, void* to, std::size_t bytes) {
  if (bytes < sizeof(signalfd_siginfo)) return -EINVAL;
  std::size_t done = 0;
  SignalInfo info;
  while (done + sizeof(signalfd_siginfo) <= bytes &&
         take_signal(current_process(), current_thread(), object.value, info)) {
    if (!put_user(for_signalfd(info), static_cast<char*>(to) + done)) return -EFAULT;
    done += sizeof(signalfd_siginfo);
  }
  const auto left = to_show(object);
  if (left == 0) {
    hide_backed(fd, object);
  } else if (object.shown != 0) {
    object.shown &= left;
  }
  return done != 0 ? static_cast<long>(done) : -EAGAIN;
}

namespace model {

long eventfd2(unsigned value, int flags) { return make_eventfd(value, flags); }

long eventfd(unsigned value) { return make_eventfd(value, 0); }

long signalfd4(int fd, const void* mask, std::size_t bytes, int flags) {
  std::uint64_t wanted;
  if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) != 0 || bytes != sizeof wanted) return -EINVAL;
  if (!get_user(wanted, mask)) return -EFAULT;
  wanted &= ~(bit_of(SIGKILL) | bit_of(SIGSTOP));
  if (fd == -1) {
    const long made =
        make_backed(DescriptorKind::signalfd, (flags & O_NONBLOCK) != 0, (flags & O_CLOEXEC) != 0);
    if (made >= 0) object_of(look_up(static_cast<int>(made)).object).value = wanted;
    return made;
  }
  const Descriptor descriptor = look_up(fd);
  if (descriptor.kind == DescriptorKind::unknown) return -EBADF;
  if (descriptor.kind != DescriptorKind::signalfd) return -EINVAL;
  object_of(descriptor.object).value = wanted;
  io_happened(descriptor.object, kReadable);
  return fd;
}

long signalfd(int fd, const void* mask, std::size_t bytes) { return signalfd4(fd, mask, bytes, 0); }

}  // namespace model
}  // namespace detsim
