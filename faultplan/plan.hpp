// The fault plan as the run sees it: plain data, made by the launcher before the run, at
// kWorldFaults. Zeroed memory is the plan that has no rules.
//
// A rule stands for one fault and says where and when it may strike. All conditions must hold; then
// it had an opportunity, and the decision (decision.hpp) says whether it strikes.
#pragma once
#include <cstdint>

#include "faultplan/catalogue.hpp"
#include "scheduler/replay.hpp"

namespace detsim {

constexpr unsigned kRulesMax = 128;
constexpr unsigned kPatternBytes = 256;
constexpr unsigned kSequenceMax = 64;
constexpr std::uint32_t kCertain = 1'000'000'000;  // probabilities are parts of a billion
constexpr std::uint64_t kNoEnd = ~0ull;

/// Where a crash point lies: before the call, after it, or within a transaction: after the first
/// write since the file was last synced.
enum class Timing : std::uint8_t { before, after, during };

struct FaultRule {
  FaultId fault = FaultId::count;
  std::uint16_t ordinal = 0;  // among the rules of this fault; draws depend on it
  bool from_preset = false;
  std::uint32_t per_billion = 0;
  std::uint64_t parameters[kParametersMax] = {};  // as the row lists them
  std::int32_t error = 0;                         // errno; 0: drawn among the row's

  // -- where
  OpSet ops = 0;                     // of the row, or fewer
  SubjectSet subjects = 0;           // of the row, or fewer
  std::uint16_t call = 0;            // syscall number + 1; 0: any
  bool scoped = false;               // strikes files of the disk's scope only
  char path[kPatternBytes] = {};     // empty: any. For app.buggify the name of the site
  char process[kPatternBytes] = {};  // pattern of a process's name; empty: any
  std::uint32_t process_nth = 0;     // of those with this name, in order of start, from 1; 0: any

  // -- when
  std::uint64_t after = 0;                           // opportunities that it lets pass first
  std::uint64_t max = kNoEnd;                        // strikes
  std::uint64_t first = 0, last = kNoEnd, step = 1;  // opportunities, from 1; first 0: no such list
  char sequence[kSequenceMax] = {};                  // w: works, x: fails, X: fails from here on
  std::uint64_t from_ns = 0, until_ns = kNoEnd;      // virtual time
  bool is_point = false;                             // a crash point: the next three
  Timing timing = Timing::before;
  std::uint64_t occurrence = 1;
  bool dirty = false;  // timing during: written since the last sync

  // -- what came of it
  std::uint64_t opportunities = 0, strikes = 0;
  std::uint64_t chance_at = 0;  // no opportunity before this one can be struck; 0: not known
};

/// What the plan says of disks. Its scope, where faults of disks strike that are not told a path:
/// the paths, or, when there are none, everything but the system's directories.
constexpr unsigned kDiskPathsMax = 16, kDiskPathBytes = 4096;
struct DiskSection {
  std::uint32_t paths_used = 0;
  char paths[kDiskPathsMax][kDiskPathBytes] = {};  // absolute, without links
  char start_directory[kDiskPathBytes] = {};       // never a system's directory
  char profile[32] = {};                           // empty: the default
  bool in_place = false;
};

/// One strike, for the list of them and the log file.
constexpr unsigned kStrikePathBytes = 128;
struct Strike {
  std::uint64_t time_ns = 0;
  std::int32_t pid = 0, tid = 0;  // virtual
  char process[16] = {};
  FaultId fault = FaultId::count;
  std::uint16_t rule = 0;
  std::uint16_t call = 0;  // syscall number
  Op op = Op::any;
  std::int32_t error = 0;    // errno that was answered; 0: none
  std::uint64_t value = 0;   // how much: bytes, nanoseconds; by fault
  std::uint64_t offset = 0;  // in the file, if `has_offset`
  bool has_offset = false;
  std::uint64_t ancestry = 0, asked = 0;  // with the rule, what it is known by in a list of choices
  char path[kStrikePathBytes] = {};       // its end, if it is longer; empty: none
};
constexpr unsigned kStrikesMax = 1u << 18;

/// How often each rule was asked by one task; parallel to Scheduler::tasks, whose entries are
/// used again by tasks of another ancestry.
constexpr unsigned kFaultTasksMax = 16384;
struct TaskDraws {
  std::uint64_t ancestry = 0;
  std::uint32_t asked[kRulesMax] = {};
  std::uint32_t drawn_at[kRulesMax] = {};  // no question before this one draws a strike
};

/// What the plan may want of one system call, whatever its arguments: found out by the shim when
/// the call is made first.
constexpr unsigned kCallNumbers = 512;
struct CallConcern {
  bool is_known = false;
  SubjectSet subjects = 0;                   // about which it is the plan's business
  std::uint64_t rules[kRulesMax / 64] = {};  // that may strike it, a bit each
};

struct FaultState {
  std::uint32_t rules_used = 0;  // 0: there is no plan
  OpSet ops = 0;                 // that some rule may strike
  OpSet watched_ops = 0;         // on files, that some rule has to know of
  bool moves_clocks = false;     // some rule does
  // False: the call goes as it does without a plan. All are true until the shim has looked.
  bool is_asked_of[kCallNumbers] = {};
  CallConcern concerns[kCallNumbers];
  std::uint64_t seed = 0;
  std::uint64_t quiet_until_ns = 0;      // faults before are off
  std::uint64_t live_from_ns = kNoEnd;   // faults from here on are off
  std::uint64_t wall_jumped_ns = 0;      // timer.jump_*, leap_second; modulo 2^64
  std::uint64_t disk_full_until_ns = 0;  // disk.full
  std::uint64_t disk_budget = 0;         // disk.full; 0: none
  std::uint64_t disk_bytes_written = 0;  // of it
  std::uint64_t strikes = 0;             // so far; the first kStrikesMax are in `log`
  bool knows_standard_streams = false;   // they are out of the disks' scope
  bool has_after_rules = false;          // some rule strikes after a call
  FaultRule rules[kRulesMax];            // in the order of the catalogue, then of their ordinals
  DiskSection disk;
  bool follows_list = false;      // what strikes is listed, and not decided
  std::uint64_t listed_used = 0;  // in the order of StrikeChoice::comes_before
  StrikeChoice listed[kStrikesMax];
  StrikeChoice decided;  // the last strike that was decided
  Strike log[kStrikesMax];
  TaskDraws tasks[kFaultTasksMax + 1];  // the last: what no task asked for
};
static_assert(sizeof(FaultState) < (1ull << 30));

}  // namespace detsim
