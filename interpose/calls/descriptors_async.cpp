#include "interpose/calls/descriptors_async.hpp"

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <poll.h>
#include <signal.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"

namespace detsim {
namespace {

struct Owner {  // struct f_owner_ex
  std::int32_t type = 0, id = 0;
};
constexpr std::int32_t kTask = 0, kProcess = 1, kGroup = 2;

SignalInfo info_for(const IoObject& object, std::uint32_t events) {
  if (object.owner_signal == 0) return {.number = SIGIO, .code = SI_KERNEL};
  const bool readable = (events & kReadable) != 0;
  const std::int32_t band = readable ? POLLIN | POLLRDNORM : POLLOUT | POLLWRNORM | POLLWRBAND;
  return {.number = object.owner_signal,
          .code = readable ? POLL_IN : POLL_OUT,
          .pid = band,  // si_band lies where si_pid does
          .value = static_cast<std::uint64_t>(object.async_fd)};
}

// The events that concern an end: its own, not those that it causes.
std::uint32_t events_of(int fd, const IoObject& object) {
  if (object.kind != DescriptorKind::pipe) return kReadable | kWritable;
  const long flags = raw(__NR_fcntl, fd, F_GETFL);
  const bool writes = (flags & O_ACCMODE) == O_WRONLY;
  return writes ? kWritable : kReadable;
}

IoObject* find(int fd) {
  const Descriptor descriptor = look_up(fd);
  return descriptor.object != kNoObject ? &object_of(descriptor.object) : nullptr;
}

bool is_async(int fd, const IoObject& object) {
  return (object.async_events & events_of(fd, object)) != 0;
}

long set_flags(int fd, std::uint64_t flags) {
  const long result = raw(__NR_fcntl, fd, F_SETFL, flags & ~static_cast<std::uint64_t>(FASYNC));
  return result == 0 ? set_async(fd, (flags & FASYNC) != 0) : result;
}

long get_flags(int fd) {
  const long flags = raw(__NR_fcntl, fd, F_GETFL);
  const IoObject* object = flags >= 0 ? find(fd) : nullptr;
  return object != nullptr && is_async(fd, *object) ? flags | FASYNC : flags;
}

long set_owner(IoObject& object, Owner owner) {
  if (owner.type != kTask && owner.type != kProcess && owner.type != kGroup) return -EINVAL;
  if (owner.type == kTask && owner.id != 0 && find_task(owner.id) == nullptr) return -ESRCH;
  if (owner.type == kProcess && owner.id != 0 && find_process(owner.id) == nullptr) return -ESRCH;
  object.owner = owner.type == kGroup ? -owner.id : owner.id;
  object.owner_is_task = owner.type == kTask;
  return 0;
}

Owner owner_of(const IoObject& object) {
  if (object.owner < 0) return {kGroup, -object.owner};
  return {object.owner_is_task ? kTask : kProcess, object.owner};
}

}  // namespace

void signal_owner(const IoObject& object, std::uint32_t events) {
  events &= object.async_events;
  if (events == 0 || object.owner == 0) return;
  const SignalInfo info = info_for(object, events);
  if (object.owner_is_task) {
    if (Task* task = find_task(object.owner)) post(*task, info);
    return;
  }
  auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    Process& process = w.processes[i];
    const bool meant =
        object.owner > 0 ? process.pid == object.owner : process.group == -object.owner;
    if (process.state == ProcessState::live && meant) post(process, info);
  }
}

long set_async(int fd, bool wanted) {
  IoObject* object = find(fd);
  if (object == nullptr) return 0;  // files are never worth a signal
  const auto events = static_cast<std::uint8_t>(events_of(fd, *object));
  if (wanted) {
    object->async_events |= events;
    object->async_fd = fd;
  } else {
    object->async_events &= static_cast<std::uint8_t>(~events);
  }
  return 0;
}

bool async_command(int fd, int command, std::uint64_t argument, long& result) {
  IoObject* object = find(fd);
  const auto number = static_cast<std::int32_t>(argument);
  auto* user = reinterpret_cast<void*>(argument);
  Owner owner;
  switch (command) {
    case F_SETFL: return result = set_flags(fd, argument), true;
    case F_GETFL: return result = get_flags(fd), true;
    case F_SETLEASE:
    case F_NOTIFY: return result = -EINVAL, true;
    case F_SETOWN:
    case F_SETOWN_EX:
    case F_GETOWN:
    case F_GETOWN_EX:
    case F_SETSIG:
    case F_GETSIG: break;
    default: return false;
  }
  if (object == nullptr) return result = raw(__NR_fcntl, fd, F_GETFD) < 0 ? -EBADF : 0, true;
  switch (command) {
    case F_SETOWN:
      result = set_owner(*object, number < 0 ? Owner{kGroup, -number} : Owner{kProcess, number});
      break;
    case F_SETOWN_EX: result = get_user(owner, user) ? set_owner(*object, owner) : -EFAULT; break;
    case F_GETOWN: result = object->owner; break;
    case F_GETOWN_EX: result = put_user(owner_of(*object), user) ? 0 : -EFAULT; break;
    case F_SETSIG:
      result = number >= 0 && number <= 64 ? 0 : -EINVAL;
      if (result == 0) object->owner_signal = number;
      break;
    default: result = object->owner_signal; break;
  }
  return true;
}

}  // namespace detsim
