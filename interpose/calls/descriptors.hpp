// What the world knows about descriptors beyond the kernel.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// The process ended: its table is empty.
void forget_descriptors(Process& process);
/// fork: the child's table is a copy. With `shared` (CLONE_FILES) both use one.
void inherit_descriptors(const Process& parent, Process& child, bool shared);
/// The process a pidfd stands for; nullptr when it is none, or of a process outside.
Process* process_behind_pidfd(int fd);
/// execve succeeded: descriptors with FD_CLOEXEC are gone.
void close_on_exec(Process& process);

}  // namespace detsim
