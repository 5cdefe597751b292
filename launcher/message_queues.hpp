// POSIX message queues of a run, which the kernel keeps beyond it.
#pragma once

namespace detsim {

/// Removes those that the run has left: their names are the run's own, so nobody can miss them.
void remove_message_queues();

}  // namespace detsim
