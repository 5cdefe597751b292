// The last stores through shared mappings, which no sync came for: see faultplan/disk/stores.hpp.
#pragma once
#include <string>

#include "faultplan/disk/state.hpp"

namespace detsim {

/// Notes what was stored to a file that is followed. A problem, or "".
std::string note_stores_to(DiskState& state, DiskNode& node, std::uint64_t begin = 0,
                           std::uint64_t end = ~0ull);
/// To all of them.
std::string note_last_stores(DiskState& state);

}  // namespace detsim
