// One worker of an exploration: a process that takes seeds and runs them, one at a time.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "launcher/explore/explorer.hpp"

namespace detsim {

/// In memory that explorer and workers share.
struct SharedWork {
  std::atomic<std::uint64_t> next{0};  // index of the next run
  std::atomic<bool> stop{false};
  /// How many decisions the first run took, for strategies that are told; kNever: it has not ended.
  std::atomic<std::uint64_t> length{kNever};
  /// Signatures of which an example is being kept; 0: free.
  std::atomic<std::uint64_t> kept[1024] = {};
  /// Why runs are started anew each; written once.
  std::atomic<bool> has_why_fresh{false};
  char why_fresh[256] = {};
  std::atomic<bool> has_why_not_rewound{false};
  char why_not_rewound[256] = {};
  /// Why some seed has fewer branches; written once.
  std::atomic<bool> has_why_unbranched{false};
  char why_unbranched[256] = {};
};

/// Failures of which an example was kept before.
void claim_kept(SharedWork& shared, const Exploration& done);
/// Where the example of a failure is kept.
std::string directory_for(const ExploreOptions& options, const Failure& failure);

/// The branches of a seed are told before its own run: they count when that is told.
///
/// What a worker tells of a run: this, and the strings behind it, each ended by a zero byte: of a
/// failed one kind, message, signature, directory, problem; then, if it had a fault plan or stated
/// properties, its rules; then the properties. Of a run that could not be done: why.
struct RunNote {
  std::uint64_t seed = 0;
  Branch branch;
  std::uint64_t schedule_hash = 0;
  std::uint64_t outcome_hash = 0;
  std::uint64_t strategy_length = 0;
  std::uint64_t events = 0, executed_events = 0, virtual_ns = 0, wall_ns = 0;
  std::int32_t exit_code = 0;
  std::int32_t refused = 0;
  bool failed = false;
  bool interrupted = false;  // the run was ended from outside: it does not count
};
constexpr std::size_t kNoteBytesMax = 128 * 1024;

/// Never returns, and ends with the process `explorer`. `socket` keeps the boundaries of what is
/// written to it.
[[noreturn]] void work(const ExploreOptions& options, SharedWork& shared, unsigned index,
                       int socket, pid_t explorer);

}  // namespace detsim
