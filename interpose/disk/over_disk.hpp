// Carrying a call out on the modelled disk: the handler does it, and what it did is written down.
#pragma once
#include "interpose/calls/call.hpp"
#include "interpose/disk/nodes.hpp"

namespace detsim {

long call_over_disk(const Call& call, Frame& f);

/// The call's handler, whether there is a disk or not.
inline long carry_out(const Call& call, Frame& f) {
  return has_disk() ? call_over_disk(call, f) : call.handler(f);
}

}  // namespace detsim
