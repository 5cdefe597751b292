// Branches: a run that is the run of its seed up to a decision, and from there on draws its
// schedule from another stream (docs/branching.md). What it is follows from seed, decision and the
// number of the way alone, wherever and by whom it is executed.
#pragma once
#include <compare>
#include <cstdint>

namespace detsim {

struct Scheduler;

struct Branch {
  std::uint64_t decision = 0;  // the first that is another one, counted from 0
  std::uint64_t child = 0;  // which of the ways that go on from there, from 1; 0: it does not leave
  bool is_root() const { return child == 0; }
  friend auto operator<=>(const Branch&, const Branch&) = default;
};

/// From here on the schedule is drawn from the branch's own streams, and the strategy learns of the
/// tasks as if they started now. Random bytes go on as they were.
void begin_branch(Scheduler& scheduler, std::uint64_t seed, const Branch& branch);

}  // namespace detsim
