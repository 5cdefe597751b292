// What has to be known about the target's mappings: which are shared between processes (futex
// keys), and when code becomes executable.
#pragma once
#include <cstddef>
#include <cstdint>

#include "scheduler/task.hpp"

namespace detsim {

/// The object and offset behind an address in shared memory; false: private memory.
bool find_shared_memory(std::uint64_t address, WaitKey& key);
/// Shared memory that did not come by mmap (shmat), and its end.
void shared_memory_appeared(std::uint64_t begin, std::size_t bytes, std::uint64_t object);
void shared_memory_gone(std::uint64_t begin, std::uint64_t end);

}  // namespace detsim
