#include "faultplan/decision.hpp"

#include "faultplan/text.hpp"
#include "scheduler/choice.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

std::uint32_t index_of(const FaultState& state, const FaultRule& rule) {
  return static_cast<std::uint32_t>(&rule - state.rules);
}

std::uint32_t place_of(std::uint32_t task) { return task < kFaultTasksMax ? task : kFaultTasksMax; }

bool applies(const FaultRule& rule, const Opportunity& what) {
  if (rule.path[0] != 0 && !matches_path(rule.path, what.path) &&
      (what.other_path[0] == 0 || !matches_path(rule.path, what.other_path))) {
    return false;
  }
  if (rule.process[0] != 0 && !matches_name(rule.process, what.process)) return false;
  return rule.process_nth == 0 || rule.process_nth == what.process_nth;
}

ChoiceStream draws_of(const FaultState& state, const FaultRule& rule, std::uint64_t ancestry,
                      std::uint64_t asked) {
  const auto place = digest_of(rule.fault) + rule.ordinal * 0x9e3779b97f4a7c15u;
  return ChoiceStream::derive(state.seed, Stream::fault,
                              mix64(mix64(place ^ mix64(ancestry)) + asked));
}

// Where the strike stands in the list that the run follows; nullptr: it does not.
const StrikeChoice* find_listed(const FaultState& state, const StrikeChoice& strike) {
  std::uint64_t low = 0, high = state.listed_used;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (state.listed[middle].comes_before(strike)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == state.listed_used || !state.listed[low].is_same_strike(strike)) return nullptr;
  return &state.listed[low];
}

// Which opportunities count at all: `after`, `first..last+step`, the sequence.
bool is_its_turn(const FaultRule& rule, std::uint64_t number) {
  if (number <= rule.after) return false;
  if (rule.first != 0) {
    if (number < rule.first || number > rule.last) return false;
    if ((number - rule.first) % rule.step != 0) return false;
  }
  if (rule.sequence[0] == 0) return true;
  const auto place = number - rule.after;
  std::uint64_t at = 0;
  for (; rule.sequence[at] != 0; ++at) {
    if (rule.sequence[at] == 'X' && place > at) return true;
    if (at + 1 == place) return rule.sequence[at] == 'x';
  }
  return false;
}

// The first opportunity from now on that may be struck, whatever is drawn.
std::uint64_t next_chance(const FaultRule& rule) {
  if (rule.strikes >= rule.max) return kNoEnd;
  auto next = rule.opportunities + 1;
  if (rule.is_point && next < rule.occurrence) next = rule.occurrence;
  if (next <= rule.after) next = rule.after + 1;
  if (next < rule.first) next = rule.first;
  return rule.first != 0 && next > rule.last ? kNoEnd : next;
}

// Draws some questions ahead: each draw is a pure function of its number.
bool is_drawn(const FaultState& state, const FaultRule& rule, TaskDraws& task) {
  constexpr std::uint32_t kAhead = 16;
  const auto index = index_of(state, rule);
  const auto asked = task.asked[index];
  const auto strikes = [&](std::uint32_t number) {
    return draws_of(state, rule, task.ancestry, number).below(kCertain) < rule.per_billion;
  };
  auto& drawn_at = task.drawn_at[index];
  if (asked < drawn_at) return false;
  const bool is_struck = strikes(asked);
  drawn_at = asked + 1;
  while (drawn_at <= asked + kAhead && !strikes(drawn_at)) ++drawn_at;
  return is_struck;
}

bool is_decided(const FaultState& state, const FaultRule& rule, TaskDraws& task) {
  if (rule.opportunities < rule.chance_at) return false;
  if (rule.strikes >= rule.max) return false;
  if (rule.is_point && rule.opportunities < rule.occurrence) return false;
  if (!is_its_turn(rule, rule.opportunities)) return false;
  return rule.per_billion >= kCertain || is_drawn(state, rule, task);
}

}  // namespace

bool may_apply(const FaultState& state, const FaultRule& rule, const Opportunity& what) {
  if ((rule.ops & what.ops) == 0) return false;
  if ((rule.subjects & bit_of(what.subject)) == 0) return false;
  if (rule.call != 0 && rule.call != what.call + 1) return false;
  if (rule.timing != what.timing) {
    // A transaction begins after a write, and ends before a sync.
    const bool ends = rule.timing == Timing::during && (what.ops & bit_of(Op::sync)) != 0;
    const bool begins = rule.timing == Timing::during && what.timing == Timing::after;
    if (!ends && !begins) return false;
  }
  if (what.now_ns < rule.from_ns || what.now_ns >= rule.until_ns) return false;
  return what.now_ns >= state.quiet_until_ns && what.now_ns < state.live_from_ns;
}

bool decide_fault(FaultState& state, FaultRule& rule, const Opportunity& what) {
  if (!applies(rule, what)) return false;
  if (rule.timing == Timing::during) {
    const bool was_dirty = rule.dirty;
    rule.dirty = (what.ops & bit_of(Op::sync)) == 0;
    if (was_dirty || !rule.dirty) return false;
  }
  ++rule.opportunities;
  auto& task = draws_of_task(state, what.task, what.ancestry);
  const auto asked = ++task.asked[index_of(state, rule)];
  const StrikeChoice identity{index_of(state, rule), what.ancestry, asked};
  if (state.follows_list) {
    const auto* listed = find_listed(state, identity);
    if (listed == nullptr) return false;
    state.listed[listed - state.listed].met = true;
  } else if (!is_decided(state, rule, task)) {
    rule.chance_at = next_chance(rule);
    return false;
  }
  state.decided = identity;
  ++rule.strikes;
  return true;
}

void withdraw(FaultRule& rule) {
  DETSIM_INVARIANT(rule.strikes > 0);
  --rule.strikes;
  rule.chance_at = 0;
}

TaskDraws& draws_of_task(FaultState& state, std::uint32_t number, std::uint64_t ancestry) {
  auto& task = state.tasks[place_of(number)];
  if (task.ancestry != ancestry) {
    task = {};
    task.ancestry = ancestry;
  }
  return task;
}

std::uint64_t draw_of_strike(const FaultState& state, const FaultRule& rule, std::uint32_t task,
                             std::uint64_t purpose, std::uint64_t bound) {
  const auto strike = identity_of(state, rule, task);
  if (state.follows_list) {
    const auto* listed = find_listed(state, strike);
    if (listed != nullptr && listed->plain) return 0;
  }
  auto stream = draws_of(state, rule, mix64(strike.ancestry + purpose + 1), strike.asked);
  return stream.below(bound);
}

int error_of_strike(const FaultState& state, const FaultRule& rule, std::uint32_t task) {
  if (rule.error != 0) return rule.error;
  const auto& errors = row_of(rule.fault).errors;
  unsigned count = 0;
  while (count < kErrorsMax && errors[count] != 0) ++count;
  return count == 0 ? 0 : errors[draw_of_strike(state, rule, task, 0, count)];
}

std::uint64_t parameter(const FaultRule& rule, const char* name) {
  const auto& row = row_of(rule.fault);
  for (unsigned i = 0; i < kParametersMax && row.parameters[i].name != nullptr; ++i) {
    if (digest_of_text(row.parameters[i].name) == digest_of_text(name)) return rule.parameters[i];
  }
  DETSIM_INVARIANT(!"a parameter that the catalogue has");
}

StrikeChoice identity_of(const FaultState& state, const FaultRule& rule, std::uint32_t task) {
  const auto& draws = state.tasks[place_of(task)];
  return {index_of(state, rule), draws.ancestry, draws.asked[index_of(state, rule)]};
}

void log_strike(FaultState& state, const Strike& strike) {
  if (state.strikes < kStrikesMax) state.log[state.strikes] = strike;
  ++state.strikes;
}

}  // namespace detsim
