// What has to be known about the target's mappings: which are shared between processes (futex
// keys), and when code becomes executable.
#pragma once
#include <cstddef>
#include <cstdint>

#include "scheduler/task.hpp"

namespace detsim {

/// The object and offset behind an address in shared memory; false: private memory.
bool find_shared_memory(std::uint64_t address, WaitKey& key);
/// A part of a file that is mapped shared; the file is named by what the kernel calls it.
struct SharedFile {
  std::uint64_t begin = 0, end = 0;  // addresses
  std::uint64_t device = 0, number = 0, offset = 0;
};
/// The next one in [at, end), in the order of addresses, cut to what lies there; `at` is behind it
/// then. False: there is none.
bool next_shared_file(std::uint64_t& at, std::uint64_t end, SharedFile& part);
/// Shared memory that did not come by mmap (shmat), and its end.
void shared_memory_appeared(std::uint64_t begin, std::size_t bytes, std::uint64_t object);
void shared_memory_gone(std::uint64_t begin, std::uint64_t end);

}  // namespace detsim
