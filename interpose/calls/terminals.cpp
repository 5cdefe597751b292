#include "interpose/calls/terminals.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/ioctls.h>
#include <sys/sysmacros.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr unsigned kPseudoTerminals = 136;  // major number of the first slaves

bool is_terminal(int fd) {
  char settings[64];
  return raw(__NR_ioctl, fd, TCGETS, settings) == 0;
}

// The group in the foreground: until somebody sets it, the one that the run was started with.
std::int32_t foreground(const IoObject& object) {
  return object.value != 0 ? static_cast<std::int32_t>(object.value) : world().processes[0].group;
}

bool is_group(std::int32_t id) {
  auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const Process& process = w.processes[i];
    if (process.state != ProcessState::unused && process.group == id &&
        process.session == current_process().session) {
      return true;
    }
  }
  return false;
}

long set_foreground(IoObject& object, std::uint64_t argument) {
  std::int32_t group;
  if (!get_user(group, reinterpret_cast<void*>(argument))) return -EFAULT;
  if (group < 0) return -EINVAL;
  if (!is_group(group)) return -EPERM;
  object.value = static_cast<std::uint64_t>(group);
  return 0;
}

}  // namespace

ObjectId terminal_object(int fd, std::uint64_t device) {
  const ObjectId outer = descriptor_state().outer_terminal;
  if (device == makedev(5, 0) && outer != kNoObject) return outer;  // /dev/tty
  if (!is_terminal(fd)) return kNoObject;
  unsigned number;
  if (raw(__NR_ioctl, fd, TIOCGPTN, &number) == 0) device = makedev(kPseudoTerminals, number);
  bool is_new;
  const ObjectId id = object_by_identity(DescriptorKind::terminal, kTerminalSpace, device, is_new);
  if (is_new) object_of(id).exact = true;
  return id;
}

bool terminal_command(IoObject& object, std::uint64_t request, std::uint64_t argument,
                      long& result) {
  auto* user = reinterpret_cast<void*>(argument);
  switch (request) {
    case TIOCGPGRP: return result = put_user(foreground(object), user) ? 0 : -EFAULT, true;
    case TIOCSPGRP: return result = set_foreground(object, argument), true;
    case TIOCGSID: return result = put_user(current_process().session, user) ? 0 : -EFAULT, true;
    case TIOCSCTTY:  // sessions are the world's: the kernel would refuse
      object.value = static_cast<std::uint64_t>(current_process().group);
      return result = 0, true;
    case TIOCNOTTY: return result = 0, true;
    case TIOCSTI: return result = -EPERM, true;
    default: break;
  }
  return false;
}

}  // namespace detsim
