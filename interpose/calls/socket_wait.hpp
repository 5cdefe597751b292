// Waiting in socket calls: timeouts are the socket's own (SO_RCVTIMEO, SO_SNDTIMEO).
#pragma once
#include <asm-generic/errno.h>
#include <poll.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/socket_state.hpp"

namespace detsim {

/// When a wait that begins now ends, after SO_RCVTIMEO or SO_SNDTIMEO; kNever without one.
inline std::uint64_t socket_deadline(int fd, int option) {
  std::int64_t time[2] = {};
  std::uint32_t bytes = sizeof time;
  raw(__NR_getsockopt, fd, SOL_SOCKET, option, time, &bytes);
  if (time[0] == 0 && time[1] == 0) return kNever;
  return deadline_from(1, time[0], time[1] * 1000, false);
}

/// Somebody outside of the run may take their time: true, when it is worth another try at once.
inline bool outside_came_round(const Socket& socket, std::uint32_t events) {
  if (!socket.object->external) return false;
  Interest interest;
  interest.add(socket.descriptor.object, events);
  pollfd look{socket.fd, static_cast<short>(events == kReadable ? POLLIN : POLLOUT), 0};
  const int patience = events == kReadable ? patience_ms(interest) : -1;
  if (patience != 0 && raw(__NR_poll, &look, 1, patience) > 0) return true;
  if (patience != 0) waited_in_vain(interest);
  return false;
}

/// Tries until the answer is not EAGAIN. `also` is another object whose events help; `flags` are
/// those of the call (MSG_DONTWAIT).
template <typename Attempt>
long wait_for_socket(Socket& socket, std::uint32_t events, int timeout_option, int flags,
                     Attempt attempt, ObjectId also = kNoObject) {
  std::uint64_t deadline_ns = 0;  // not asked for yet
  for (;;) {
    const long result = attempt();
    if (result != -EAGAIN) {
      looked_in_vain(false);
      return result;
    }
    if ((flags & MSG_DONTWAIT) != 0 || is_nonblocking(socket.fd)) {
      looked_in_vain(true);
      return result;
    }
    if (outside_came_round(socket, events)) continue;
    if (deadline_ns == 0) deadline_ns = socket_deadline(socket.fd, timeout_option);
    if (deadline_ns <= world().scheduler.now_ns) return result;
    Interest interest;
    interest.add(socket.descriptor.object, events);
    if (also != kNoObject) interest.add(also, events);
    if (!wait_for_io(interest, deadline_ns)) {
      return deadline_ns == kNever ? kRestartSys : kRestartNever;
    }
    if (!is_still(socket.fd, socket.descriptor)) return -EBADF;
  }
}

}  // namespace detsim
