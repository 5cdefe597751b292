// What a replay follows: the choices of an earlier run, as deviations from a default policy.
//
// The policy goes on with the current task as long as it can run, else with the runnable task of
// the lowest tid, and wakes the waiter that has waited longest. Every choice that was another one
// stands in a list, by the number of the decision or wake-up (counted from 0; only those at which
// there was a choice count, as in the trace). So a short list is a simple schedule, and taking
// an entry out of it leaves the others meaningful.
//
// A task that polls must not keep a shortened schedule from going on: after kStaysMax decisions in
// a row that stayed with the current task, the policy goes to the next tid instead.
#pragma once
#include <cstdint>

namespace detsim {

struct Choice {
  std::uint64_t number = 0;  // of the decision or wake-up
  std::int64_t value = 0;    // the tid that runs next, or which of the waiters, from 0
  friend bool operator==(const Choice&, const Choice&) = default;
};

/// A strike of the fault plan: which rule it was, which task asked, and how often it had asked that
/// rule. A list of strikes that a run follows stands in place of the plan's own decisions.
struct StrikeChoice {
  std::uint32_t rule = 0;  // index
  std::uint64_t ancestry = 0;
  std::uint64_t asked = 0;
  bool plain = false;  // all that the strike would draw (which errno, how many bytes) is the first
  bool met = false;    // the run came to it
  friend bool operator==(const StrikeChoice& a, const StrikeChoice& b) {
    return a.is_same_strike(b) && a.plain == b.plain;
  }
  bool is_same_strike(const StrikeChoice& other) const {
    return rule == other.rule && ancestry == other.ancestry && asked == other.asked;
  }
  /// Lists are in this order.
  bool comes_before(const StrikeChoice& other) const {
    if (rule != other.rule) return rule < other.rule;
    if (ancestry != other.ancestry) return ancestry < other.ancestry;
    return asked < other.asked;
  }
};

constexpr std::int64_t kNoEffect = -1;
constexpr std::uint32_t kStaysMax = 256;
constexpr std::uint64_t kSwitchesMax = 1u << 24;
constexpr std::uint64_t kWakeChoicesMax = 1u << 22;

/// Lies at kWorldChoices. Zeroed memory is an empty list.
struct ChoiceList {
  std::uint64_t switch_count = 0, wake_count = 0;  // entries; the numbers in each are ascending
  std::uint64_t next_switch = 0, next_wake = 0;    // the first entry that was not met yet
  std::uint64_t misfits = 0;        // entries that named a task that could not run, or no waiter
  std::uint64_t first_misfit = 0;   // the number of the first of them
  std::uint64_t not_deviating = 0;  // entries that chose what the policy would have chosen
  // Entries of those two kinds get the value kNoEffect: what is left does the same run.
  Choice switches[kSwitchesMax] = {};
  Choice wakes[kWakeChoicesMax] = {};
};
static_assert(sizeof(ChoiceList) < (8ull << 30));

}  // namespace detsim
