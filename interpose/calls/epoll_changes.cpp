#include "interpose/calls/epoll_changes.hpp"

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

struct Change {
  std::int32_t pid = 0;  // a vfork child, which shares this memory, may be gone; 0: none is kept
  int epoll = -1, operation = 0, fd = -1;
  epoll_event event = {};
};
Change kept;

constexpr __poll_t kSpecial =
    1u << 28 | 1u << 29;  // EPOLLEXCLUSIVE, EPOLLWAKEUP: rules of their own

bool is_ours(int epoll, const IoObject& instance) {
  if (instance.kind != DescriptorKind::epoll || instance.was_shared || instance.serial == 0) {
    return false;
  }
  return is_private(epoll);
}

bool is_same(int epoll, int fd) {
  return kept.pid == current_process().pid && kept.epoll == epoll && kept.fd == fd;
}

bool can_be_known(Descriptor watched) {
  return watched.kind == DescriptorKind::pipe || watched.kind == DescriptorKind::socket ||
         watched.kind == DescriptorKind::eventfd;
}

}  // namespace

bool keep_epoll_change(int epoll, int operation, int fd, const void* event) {
  const Descriptor instance = look_up(epoll), watched = look_up(fd);
  if (instance.object == kNoObject || !can_be_known(watched)) return false;
  const IoObject& object = object_of(instance.object);
  if (!is_ours(epoll, object) || watched.detail() != object.serial) return false;
  const bool taken_out = is_same(epoll, fd) && kept.operation == EPOLL_CTL_DEL;
  epoll_event changed = {};
  switch (operation) {
    case EPOLL_CTL_ADD:
      if (!taken_out) return false;
      break;
    case EPOLL_CTL_MOD:
    case EPOLL_CTL_DEL:
      if (taken_out) return false;
      break;
    default: return false;
  }
  if (operation != EPOLL_CTL_DEL) {
    if (!get_user(changed, event) || (changed.events & kSpecial) != 0) return false;
  }
  if (!is_same(epoll, fd)) make_epoll_changes();
  kept = {current_process().pid, epoll, operation == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : operation, fd,
          changed};
  return true;
}

void make_epoll_changes() {
  if (kept.pid == 0) return;
  const Change change = kept;
  kept = {};
  if (change.pid != current_process().pid) return;
  const long result = raw(__NR_epoll_ctl, change.epoll, change.operation, change.fd, &change.event);
  DETSIM_INVARIANT(result == 0);
  if (change.operation != EPOLL_CTL_DEL) return;
  note_epoll_change(change.epoll, EPOLL_CTL_DEL, change.fd, nullptr);
  unwatch_object(look_up(change.fd).object, look_up(change.epoll).object);
}

void note_epoll_change(int epoll, int operation, int fd, const void* event) {
  const Descriptor instance = look_up(epoll), watched = look_up(fd);
  if (instance.object == kNoObject || !can_be_known(watched)) return;
  const auto serial = object_of(instance.object).serial;
  epoll_event changed;
  if (operation == EPOLL_CTL_DEL) {
    if (watched.detail() == serial) set_detail(fd, 0);
  } else if (operation == EPOLL_CTL_ADD) {
    const bool plain = get_user(changed, event) && (changed.events & kSpecial) == 0;
    set_detail(fd, plain ? serial : 0);
  }
}

}  // namespace detsim
