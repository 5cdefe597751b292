// The decision whether a fault strikes: a pure function of the plan, the seed, and what was asked
// before.
//
// Each rule draws for itself: from the seed, the fault's id, the rule's ordinal among the rules of
// that fault, the task's ancestry, and how often this task asked this rule. So no rule's draws move
// another's, and none moves the schedule's.
#pragma once
#include "faultplan/plan.hpp"

namespace detsim {

/// What is about to happen, as far as rules look at it. Texts that no rule asks for stay unread:
/// see needs_path().
struct Opportunity {
  OpSet ops = 0;
  Subject subject = Subject::none;
  std::uint16_t call = 0;  // syscall number
  std::uint64_t now_ns = 0;
  std::uint32_t task = 0;  // index
  std::uint64_t ancestry = 0;
  const char* path = "";
  const char* other_path = "";  // of a rename: where it comes from
  const char* process = "";
  std::uint32_t process_nth = 0;  // 0: unknown
  Timing timing = Timing::before;
};

/// Whether the rule could apply if path and process were right: cheap, and asked first.
bool may_apply(const FaultState& state, const FaultRule& rule, const Opportunity& what);
inline bool needs_path(const FaultRule& rule) { return rule.path[0] != 0; }
inline bool needs_process(const FaultRule& rule) {
  return rule.process[0] != 0 || rule.process_nth != 0;
}

/// Counts an opportunity of the rule, and decides. The caller carries the strike out and logs it;
/// one that could not be carried out is given back with withdraw().
bool decide_fault(FaultState& state, FaultRule& rule, const Opportunity& what);
void withdraw(FaultRule& rule);

/// How often the current task asked each rule.
TaskDraws& draws_of_task(FaultState& state, std::uint32_t task, std::uint64_t ancestry);

/// Whether the rule is certain to let its next opportunity pass, as far as is known: decisions find
/// out how many of the next ones do. It then may be counted and not decided.
inline bool will_pass(const FaultRule& rule, const TaskDraws& task, std::uint32_t index) {
  return rule.opportunities + 1 < rule.chance_at || task.asked[index] + 1 < task.drawn_at[index];
}

/// A draw below `bound` that belongs to the strike that was decided last for this task: which
/// errno, how many bytes.
std::uint64_t draw_of_strike(const FaultState& state, const FaultRule& rule, std::uint32_t task,
                             std::uint64_t purpose, std::uint64_t bound);

/// The strike's errno: the rule's, else drawn among the row's.
int error_of_strike(const FaultState& state, const FaultRule& rule, std::uint32_t task);

/// The value of a parameter by its name; the row has it.
std::uint64_t parameter(const FaultRule& rule, const char* name);

/// What the strike that was decided last for this task and rule is known by.
StrikeChoice identity_of(const FaultState& state, const FaultRule& rule, std::uint32_t task);

/// Appends to the list of strikes.
void log_strike(FaultState& state, const Strike& strike);

}  // namespace detsim
