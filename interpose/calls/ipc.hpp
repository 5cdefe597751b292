// System V shared memory, semaphores and message queues, modelled whole in the world: nothing of
// them exists on the host, ids and keys start empty in every run.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// fork: the child has its parent's segments attached.
void copy_attachments(const Process& parent, const Process& child);
/// The process's memory is about to go (execve, the end): its segments are detached, unless
/// somebody else shares that memory.
void forget_attachments(const Process& process);
/// munmap went over these addresses: segments that lay in them are detached.
void attachments_unmapped(std::uint64_t begin, std::uint64_t end);
/// The process ended: what it did with SEM_UNDO is undone.
void undo_semaphores(const Process& process);

}  // namespace detsim
