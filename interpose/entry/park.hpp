// Parking: the process stops where it is and goes on in copies of itself, one for each order of
// the launcher (scheduler/park.hpp). A copy has all tasks, since they are fibers in its memory;
// the world is put back by the launcher; open files are opened anew, so that each copy has its own
// offsets. What could not be copied so must not have happened yet: see stays_inside().
#pragma once
#include "interpose/entry/frame.hpp"
#include "scheduler/park.hpp"

namespace detsim {

/// Whether a call has no effect that a copy of the process would share with the original: on
/// files, other processes, or objects of the kernel. What is not known to be so is not.
bool stays_inside(const Frame& f);

/// Before a call is carried out: parks or notes, as the launcher wants it.
void park_before(const Frame& f);
inline bool may_park_before_calls() {
  const auto& park = park_control();
  return park.at_prefix_end || park.at_decisions || park.rewinds ||
         (park.notes_outside && park.outside_call == 0);
}

/// Before the seed comes in.
void park_before_seed();

/// Before a decision: parks, or takes another branch.
void park_before_decision();
inline bool may_park_before_decisions() {
  const auto& park = park_control();
  return park.at_decisions || !park.branch.is_root();
}

}  // namespace detsim
