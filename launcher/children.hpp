// The run's processes as the kernel sees them. The launcher is their subreaper: whoever loses its
// parent becomes its child.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace detsim {

void become_subreaper();

/// Takes the statuses of all children that ended. Returns that of `wanted` if it is among them,
/// as wait(2) encodes it.
std::optional<std::uint32_t> reap(pid_t wanted);

/// The wait(2) status of a process that is not alive any more, whoever's child it was; nothing when
/// it is gone without a trace.
std::optional<std::uint32_t> status_of_dead(pid_t pid);
/// Whether the process exists and is no zombie.
bool is_alive(pid_t pid);

/// Stops a process and waits, a second at most, until it has stopped.
void stop_and_wait(pid_t pid);

/// A child that kill_all() leaves alone, or no longer does: one that is parked.
void spare(pid_t pid);
void spare_no_longer(pid_t pid);

/// Kills all descendants, and returns when they are gone. Returns the status of `root` if it was
/// among them.
std::optional<std::uint32_t> kill_all(pid_t root);

}  // namespace detsim
