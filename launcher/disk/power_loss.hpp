// The loss of power: the disk is left as the machine would find it.
#pragma once
#include <string>

#include "launcher/disk/crash.hpp"

namespace detsim {

/// Before a run: the disk are these directories, and all that is in them is durable.
/// `own_directory` is on the same file system, and nobody else's.
struct DiskDirectory {
  std::string shown;  // where the target sees it
  std::string real;   // where everybody else does
};
void prepare_disk(DiskState& state, const std::vector<DiskDirectory>& directories,
                  const std::string& own_directory, ProfileId profile);

/// What became of the disk.
struct PowerCut {
  std::string problem;      // not empty: it could not be carried out
  std::string accusation;   // not empty: the model would have broken a promise; nothing was
                            // changed, and the run is a failure of detsim
  std::size_t changes = 0;  // of names and sizes that were not durable
  std::size_t changes_kept = 0;
  std::size_t files = 0;           // with bytes that were not durable
  std::size_t files_changed = 0;   // of them, those that lost something
  std::uint64_t memory_bytes = 0;  // that the model took at most
};

/// When all processes of the run are gone. Afterwards all that is left is durable, and another run
/// can go on with it. `round` counts the power losses.
PowerCut resolve_power_loss(DiskState& state, std::uint64_t seed, std::uint64_t round,
                            const TearRules& tear = {});

}  // namespace detsim
