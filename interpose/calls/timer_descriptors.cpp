#include "interpose/calls/timer_descriptors.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/time.h>

#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/event_descriptors.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/timers.hpp"
#include "interpose/faults/clocks.hpp"

namespace detsim {
namespace {

constexpr int kAbsolute = 1, kCancelOnSet = 2;  // TFD_TIMER_*; only a fault sets the clock

OwnedTimer& timer_of(const IoObject& object) { return world().timers[object.value]; }

struct TimeValue {  // struct itimerspec
  std::int64_t interval[2], value[2];
};

bool valid(const std::int64_t (&time)[2]) {
  return time[0] >= 0 && time[1] >= 0 && time[1] < static_cast<std::int64_t>(kSecondNs);
}

std::uint64_t nanoseconds(const std::int64_t (&time)[2]) {
  if (time[0] > 9'000'000'000) return kNever / 2;
  return static_cast<std::uint64_t>(time[0]) * kSecondNs + static_cast<std::uint64_t>(time[1]);
}

bool is_timer_clock(int clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
         clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

// The timer behind a descriptor; nullptr, with the error, when it is none.
IoObject* find(int fd, long& error) {
  const Descriptor descriptor = look_up(fd);
  error = descriptor.kind == DescriptorKind::unknown ? -EBADF : -EINVAL;
  return descriptor.kind == DescriptorKind::timerfd ? &object_of(descriptor.object) : nullptr;
}

}  // namespace

void timer_descriptor_expired(OwnedTimer& timer, std::uint64_t periods) {
  timer.expirations += periods;
  io_happened(static_cast<ObjectId>(timer.object), kReadable);
}

void timer_descriptor_gone(IoObject& object) { free_owned_timer(timer_of(object)); }

long take_expirations(int fd, IoObject& object, void* to, std::size_t bytes) {
  OwnedTimer& timer = timer_of(object);
  if (bytes < sizeof timer.expirations) return -EINVAL;
  if (has_fault_plan() && take_cancellation(timer)) {
    timer.expirations = 0;
    hide_backed(fd, object);
    return -ECANCELED;
  }
  if (timer.expirations == 0) return -EAGAIN;
  const auto count = timer.expirations;
  timer.expirations = 0;
  hide_backed(fd, object);
  return put_user(count, to) ? static_cast<long>(sizeof count) : -EFAULT;
}

namespace model {

long timerfd_create(int clock, int flags) {
  if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) != 0 || !is_timer_clock(clock)) return -EINVAL;
  OwnedTimer* timer = allocate_owned_timer(TimerKind::descriptor);
  if (timer == nullptr) return -ENOMEM;
  const long fd =
      make_backed(DescriptorKind::timerfd, (flags & O_NONBLOCK) != 0, (flags & O_CLOEXEC) != 0);
  if (fd < 0) {
    free_owned_timer(*timer);
    return fd;
  }
  const ObjectId id = look_up(static_cast<int>(fd)).object;
  object_of(id).value = static_cast<std::uint64_t>(timer - world().timers);
  timer->object = id;
  timer->clock = clock;
  return fd;
}

long timerfd_settime(int fd, int flags, const void* value, void* old) {
  TimeValue wanted;
  if (!get_user(wanted, value)) return -EFAULT;
  if ((flags & ~(kAbsolute | kCancelOnSet)) != 0) return -EINVAL;
  if (!valid(wanted.value) || !valid(wanted.interval)) return -EINVAL;
  long error;
  IoObject* object = find(fd, error);
  if (object == nullptr) return error;
  OwnedTimer& timer = timer_of(*object);
  TimeValue before;
  read_timer_value(timer, before.interval, before.value);
  std::uint64_t due = 0;
  if ((wanted.value[0] | wanted.value[1]) != 0) {
    due = deadline_from(timer.clock, wanted.value[0], wanted.value[1], (flags & kAbsolute) != 0);
    if (due == 0) due = 1;
  }
  timer.expirations = 0;
  hide_backed(fd, *object);
  if (has_fault_plan()) {
    const bool is_wall = timer.clock == CLOCK_REALTIME || timer.clock == CLOCK_REALTIME_ALARM;
    mark_timer(timer, is_wall && (flags & kAbsolute) != 0, (flags & kCancelOnSet) != 0);
  }
  set_owned_timer(timer, due, nanoseconds(wanted.interval));
  return old == nullptr || put_user(before, old) ? 0 : -EFAULT;
}

long timerfd_gettime(int fd, void* value) {
  long error;
  IoObject* object = find(fd, error);
  if (object == nullptr) return error;
  TimeValue now;
  read_timer_value(timer_of(*object), now.interval, now.value);
  return put_user(now, value) ? 0 : -EFAULT;
}

}  // namespace model
}  // namespace detsim
