// What a run asks of the launcher, which serves requests in order. The one who asks holds the
// baton and waits, so a request is at the same place in every run.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// One line on detsim's own standard error, whatever the target did to its descriptors. The same
/// words are said once in a run.
void tell_user(const char* words);

/// That the current task's process is about to end by a signal which natively leaves a core file.
void tell_crash(int number);

/// A descriptor of the world that stays open in the next image; -errno when there is none to get.
/// It is opened through the launcher's, or sent by the launcher to a process that may not do that:
/// one that changed its user, or that has no /proc.
long open_world();

}  // namespace detsim
