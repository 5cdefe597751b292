// What faults of all classes do.
#pragma once
#include "interpose/entry/switch.hpp"
#include "interpose/faults/strike.hpp"

namespace detsim {

/// The call fails with the strike's errno.
inline bool answer_error(Moment& moment) {
  moment.fail(error_of_strike(fault_state(), *moment.rule, current_task().id));
  return true;
}

/// A draw below `bound` that belongs to this strike; 0 is the purpose of its errno.
inline std::uint64_t draw(const Moment& moment, std::uint64_t purpose, std::uint64_t bound) {
  return draw_of_strike(fault_state(), *moment.rule, current_task().id, purpose, bound);
}

/// The current task stays where it is for this much virtual time; no signal shortens it.
bool stay(Moment& moment, std::uint64_t duration_ns);

/// Remembers what the call is about to overwrite, if a rule wants it.
void keep_past(const Moment& moment);

/// A datagram was sent: one that was held back follows it.
void release_held_datagram(Moment& moment);

}  // namespace detsim
