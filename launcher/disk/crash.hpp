// Which of what was not durable had reached the disk when the power went: one state of those that
// the profile allows (docs/disk.md has the rules), drawn from the seed.
#pragma once
#include "launcher/disk/history.hpp"
#include "scheduler/choice.hpp"

namespace detsim {

/// Bytes that a file has in place of those that it showed last.
struct Edit {
  std::uint64_t offset = 0;
  std::vector<std::uint8_t> bytes;
};

struct FileFate {
  std::uint32_t node = 0;
  std::uint64_t size = 0;
  std::vector<Edit> edits;  // one after the other, all within the size
};

struct Crash {
  std::vector<bool> kept;                   // of DiskHistory::changes
  std::uint64_t data_until = ~0ull;         // profiles with data in order: what was kept of it
  std::map<std::uint64_t, FileFate> files;  // as DiskHistory::files
};

/// How the power loss tears what it may tear.
struct TearRules {
  enum class Filling : std::uint8_t { profile, zero, garbage };
  std::uint64_t unit_bytes = 0;  // 512 or 4096, but not less than the profile; 0: as the profile
  bool fronts = false;           // of each file a front is kept
  Filling fill = Filling::profile;
  bool size_with_data = false;  // what a file's size reaches has come to the disk
  bool splits_renames = false;  // of files: both names, or none, may be found
};

/// `round` counts the power losses of a run.
Crash draw_crash(const DiskHistory& history, std::uint64_t seed, std::uint64_t round,
                 const TearRules& tear = {});

}  // namespace detsim
