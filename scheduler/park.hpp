// Parked processes: a process of the run that has stopped in the middle of it and, whenever the
// launcher orders it to, goes on in a copy of itself (docs/fork-server.md). What is here passes
// between the two, and lies in the world on pages of its own: the launcher puts the rest of the
// world back to how it was before each order, and leaves these alone.
//
// Zeroed memory: nobody parks.
#pragma once
#include <cstdint>

#include "scheduler/branch.hpp"
#include "scheduler/world.hpp"

namespace detsim {

constexpr unsigned kPlacesMax = 64;
constexpr unsigned kNotedSitesMax = 256;
constexpr unsigned kNotedWindowsMax = 256;
constexpr unsigned kExtentsMax = 16;

struct ParkPlace {
  std::int32_t real_pid = 0;   // of who is parked here; 0: nobody
  std::uint32_t orders = 0;    // futex: how often it was ordered to go on in a copy
  std::uint32_t answers = 0;   // futex: how many orders it has carried out
  std::int32_t child = 0;      // the last copy's real pid; -errno when there is none
  std::uint64_t decision = 0;  // at which it stands: Scheduler::decisions
};

/// A copy that was put back to its start, for another run (docs/rewinding.md).
struct RewoundCopy {
  std::int32_t real_pid = 0;  // of who stands there; 0: nobody. The launcher clears it
  std::uint32_t orders = 0;   // futex: how often it was ordered to go on
};

/// Why a process does not park where it stands, although it may further on.
enum class Hindrance : std::uint32_t { none, pipe_with_data, nameless_file, many_files };

/// A file that the launcher has made anew for a copy: numbers of inodes.
struct ReplacedInode {
  std::uint64_t device = 0, was = 0, is = 0;
};
constexpr unsigned kReplacedMax = 128;

struct Park {
  // -- written by the launcher
  bool at_prefix_end = false;     // park before the seed has an effect, or the outside is touched
  bool at_first_call = false;     // and before the first call: faults follow from the seed too
  bool at_decisions = false;      // park before those, as long as nothing outside was touched
  bool notes_outside = false;     // tell whether the outside was touched
  bool rewinds = false;           // a copy whose run is over may be put back, and used again
  bool puts_back_files = false;   // copies get the files of the view as they were, and pipes
  Branch branch;                  // that the run takes when it comes there
  std::uint64_t view_device = 0;  // the file system that these are on; 0: there are none
  std::uint32_t decision_count = 0;
  std::uint64_t decisions[kPlacesMax] = {};  // ascending

  std::uint32_t replaced_used = 0;
  ReplacedInode replaced[kReplacedMax];

  /// Of the world, as addresses: what most runs write.
  std::uint32_t extent_count = 0;
  struct {
    std::uint64_t begin, end;
  } extents[kExtentsMax] = {};

  // -- written by the run
  Hindrance hindrance = Hindrance::none;  // the last one
  std::uint32_t used = 0;                 // places so far
  std::uint32_t next_decision = 0;        // index into `decisions`
  std::uint32_t outside_call = 0;         // number + 1 of the first call that touched the outside
  ParkPlace places[kPlacesMax];
  RewoundCopy rewound;
  /// Where system calls of copies trapped: the parked process rewrites them, for later copies.
  std::uint32_t sites_used = 0;
  std::uint64_t sites[kNotedSitesMax] = {};
  /// Of code that copies came to and the parked process has no pages of: it takes them in.
  std::uint32_t windows_used = 0;
  std::uint64_t windows[kNotedWindowsMax] = {};
};

constexpr std::uint64_t kWorldPark = kWorldAddress + (3ull << 30);
constexpr std::uint64_t kParkBytes = 12288;
static_assert(sizeof(Park) <= kParkBytes);
inline Park& park_control() { return *reinterpret_cast<Park*>(kWorldPark); }

}  // namespace detsim
