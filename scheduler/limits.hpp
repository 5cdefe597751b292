// What a run may use of the machine at most, and what it has used of that. Zeroed: no limits.
#pragma once
#include <cstdint>

#include "scheduler/world.hpp"

namespace detsim {

constexpr std::uint64_t kWorldLimits = kWorldChoices + (3ull << 30);

struct RunLimits {
  // -- set by the launcher; 0: none
  std::uint64_t output_bytes_max = 0;  // written to what came from outside of the run
  std::uint32_t processes_max = 0;     // at one time, zombies too
  // -- used
  bool refused_process = false;  // which was said
  std::uint64_t output_bytes = 0;
  /// Standard output and standard error where they are files: device and inode. Others are known
  /// as objects from outside.
  struct {
    std::uint64_t device = 0, inode = 0;
  } outputs[2];
};

inline RunLimits& run_limits() { return *reinterpret_cast<RunLimits*>(kWorldLimits); }

}  // namespace detsim
