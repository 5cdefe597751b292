// The memory of a process as it was at a place, and putting it back (docs/rewinding.md).
#pragma once
#include <cstdint>

namespace detsim {

/// Zeroed memory that is not put back, on pages of its own: for the stack and the notes of who does
/// it.
constexpr std::uint64_t kLeftAloneBytes = 64 << 10;
void* memory_left_alone();

/// Keeps what is in private writable memory, and which mappings there are. False: there is too much
/// of it, or the kernel does not tell what was written; nothing is kept then.
bool keep_memory();
void forget_memory();

/// In a copy of the process that kept it; on a stack that is left alone. False: it is not as it
/// was.
bool put_back_memory();

/// Whether any of these addresses were mapped when memory was kept.
bool was_mapped(std::uint64_t begin, std::uint64_t bytes);
/// Where the heap ended then.
std::uint64_t kept_heap_end();

}  // namespace detsim
