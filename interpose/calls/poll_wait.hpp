// What poll, select and epoll_wait have in common: look, wait, look again.
#pragma once
#include <asm-generic/errno.h>

#include <cstdint>

#include "interpose/calls/call.hpp"
#include "interpose/calls/event_descriptors.hpp"
#include "interpose/calls/idle.hpp"

namespace detsim {

/// Looks until something is ready, the deadline passes (0) or a signal comes (kRestartNever).
/// `look(patience_ms)` asks the kernel, which may block for that long; `concern(interest)` names
/// what is waited for.
template <typename Look, typename Concern>
long wait_until_ready(std::uint64_t deadline_ns, Look look, Concern concern) {
  for (;;) {
    show_backed();
    long ready = look(patience_ms());
    if (ready == -EINTR) ready = 0;  // a signal of the outside; the world's are looked for below
    if (ready != 0) {
      looked_in_vain(false);
      return ready;
    }
    Interest interest;
    concern(interest);
    if (const int patience = interest.external ? patience_ms(interest) : 0) {
      ready = look(patience);
      if (ready != 0 && ready != -EINTR) return ready;
      waited_in_vain(interest);
    }
    if (deadline_ns <= world().scheduler.now_ns) {
      looked_in_vain(true);
      return 0;
    }
    if (!wait_for_io(interest, deadline_ns)) return kRestartNever;
  }
}

/// A relative struct timespec of the target (nullptr: for ever) as a deadline.
bool read_timeout(const void* timeout, std::uint64_t& deadline_ns, long& error);
std::uint64_t deadline_after_ms(int timeout_ms);

/// The mask of ppoll and its like, if one is given; put back unless a signal ended the call,
/// whose delivery does it.
bool begin_mask(const void* mask, std::size_t bytes, long& error);
long end_mask(const void* mask, long result);

}  // namespace detsim
