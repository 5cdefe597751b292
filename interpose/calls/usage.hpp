// Resource usage as the world counts it: CPU time is virtual, everything else constant.
#pragma once
#include <cstdint>

namespace detsim {

/// Writes a struct rusage with this much CPU time. False: bad pointer.
bool put_usage(std::uint64_t cpu_ns, void* usage);

}  // namespace detsim
