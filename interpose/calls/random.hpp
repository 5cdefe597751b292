// The random bytes of a run, for the calls and files that give them.
#pragma once
#include <cstddef>

namespace detsim {

/// Fills the target's buffer from the current task's data stream. Returns `bytes` or -EFAULT.
long draw_bytes(void* to, std::size_t bytes);

}  // namespace detsim
