// epoll: the kernel's own instances, waited for in the world. An object that an instance watches
// knows the instance (descriptors.hpp), so whatever happens to it reaches those who wait.
#include <asm-generic/errno.h>
#include <linux/eventpoll.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/epoll_changes.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/poll_wait.hpp"

namespace detsim {
namespace {

long create(long fd) {
  if (fd < 0) return fd;
  const ObjectId id = make_object(DescriptorKind::epoll);
  object_of(id).exact = true;
  const auto serial = ++descriptor_state().epolls_so_far;
  if (serial <= kDetailMax) object_of(id).serial = serial;
  set_descriptor(static_cast<int>(fd), {DescriptorKind::epoll, id});
  return fd;
}

// What an instance watches makes it as certain, and as much of the outside, as that is.
void start_watching(ObjectId epoll, Descriptor watched) {
  IoObject& instance = object_of(epoll);
  if (watched.object == kNoObject) {
    instance.exact = false;
    return;
  }
  const IoObject& object = object_of(watched.object);
  if (!object.exact) instance.exact = false;
  if (object.external) {
    instance.external = true;
    instance.patience_spent = false;
  }
  watch_object(watched.object, epoll);
}

// A timerfd is an eventfd underneath, which is always writable; a timerfd never is.
bool without_writable(const void* event, epoll_event& changed) {
  if (!get_user(changed, event)) return false;
  changed.events &= ~static_cast<__poll_t>(EPOLLOUT | EPOLLWRNORM);
  return true;
}

long wait(int epoll, void* events, int count, std::uint64_t deadline_ns) {
  const Descriptor descriptor = look_up(epoll);
  const long result = wait_until_ready(
      deadline_ns,
      [&](int patience) { return raw(__NR_epoll_wait, epoll, events, count, patience); },
      [&](Interest& interest) { interest.add(descriptor.object, kReadable); });
  return result == kRestartNever ? -EINTR : result;  // never restarted: signal(7)
}

}  // namespace

namespace model {

long epoll_create(int bytes) { return create(raw(__NR_epoll_create, bytes)); }

long epoll_create1(int flags) { return create(raw(__NR_epoll_create1, flags)); }

long epoll_ctl(int epoll, int operation, int fd, void* event) {
  const Descriptor instance = look_up(epoll);
  if (keep_epoll_change(epoll, operation, fd, event)) {
    if (operation != EPOLL_CTL_DEL) io_happened(instance.object, kReadable);
    return 0;
  }
  make_epoll_changes();
  const Descriptor watched = look_up(fd);
  const bool backed =
      watched.kind == DescriptorKind::timerfd || watched.kind == DescriptorKind::signalfd;
  epoll_event changed;
  if (backed && event != nullptr && without_writable(event, changed)) event = &changed;
  const long result = raw(__NR_epoll_ctl, epoll, operation, fd, event);
  if (result != 0 || instance.object == kNoObject) return result;
  note_epoll_change(epoll, operation, fd, event);
  if (operation == EPOLL_CTL_ADD) start_watching(instance.object, watched);
  if (operation == EPOLL_CTL_DEL && watched.object != kNoObject) {
    unwatch_object(watched.object, instance.object);
  } else {
    io_happened(instance.object, kReadable);  // it may be ready already
  }
  return result;
}

long epoll_wait(int epoll, void* events, int count, int timeout_ms) {
  return wait(epoll, events, count, deadline_after_ms(timeout_ms));
}

long epoll_pwait(int epoll, void* events, int count, int timeout_ms, const void* mask,
                 std::size_t bytes) {
  long error = 0;
  if (!begin_mask(mask, bytes, error)) return error;
  return end_mask(mask, wait(epoll, events, count, deadline_after_ms(timeout_ms)));
}

long epoll_pwait2(int epoll, void* events, int count, const void* timeout, const void* mask,
                  std::size_t bytes) {
  std::uint64_t deadline_ns;
  long error = 0;
  if (!read_timeout(timeout, deadline_ns, error)) return error;
  if (!begin_mask(mask, bytes, error)) return error;
  return end_mask(mask, wait(epoll, events, count, deadline_ns));
}

}  // namespace model
}  // namespace detsim
