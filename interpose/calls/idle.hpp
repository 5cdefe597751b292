// What to do when no task can run: look again at what tasks wait for, and only then wait for the
// world outside.
#pragma once

namespace detsim {

/// Something happened that could have made a descriptor ready: who waits for one tries again.
/// `key` as in WaitKey::address of WaitKind::io waits; 0: anything.
void io_happened(unsigned long key = 0);

/// No task is runnable. Lets every task that waits for a descriptor try once more, if there is
/// one that has not tried since the last event; false when there is none.
bool retry_waiters();

/// Neither a task nor a deadline is left. Waits for real until something outside of the world (a
/// terminal, a pipe from outside) could have changed; false when nobody waits for such a thing.
bool wait_for_outside();

}  // namespace detsim
