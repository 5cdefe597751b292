#include "interpose/faults/passing.hpp"

#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/inodes.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

struct Remembered {
  std::uint64_t number;
  std::uint64_t fd;
  const Descriptor* entry;  // of the task's table
  std::uint64_t descriptor;
  std::uint64_t ancestry;
  std::uint32_t task_id;
  TaskDraws* task;
  // Of rules that ask for a path: what else it depends on.
  std::uint64_t entries_put, names;
  Opportunities rules;
};

// Of this process: after a fork the copies name another task.
constexpr unsigned kRemembered = 16;
constinit Remembered remembered[kRemembered] = {};

Remembered& place_of(const Frame& f) { return remembered[(f.number * 5 + f.rdi) % kRemembered]; }

const Descriptor* entry_of(std::uint64_t fd) {
  const auto number = descriptor_state().table_of[current_process().index];
  return number == 0 ? nullptr : entries_of(number - 1) + fd;
}

bool depends_on_time(const FaultRule& rule) { return rule.from_ns != 0 || rule.until_ns != kNoEnd; }

std::uint64_t bits_of(const Descriptor& descriptor) {
  return __builtin_bit_cast(std::uint64_t, descriptor);
}

}  // namespace

bool passes_as_before(const Frame& f) {
  auto& way = place_of(f);
  const Task& me = current_task();
  if (way.number != f.number || way.fd != f.rdi || way.task == nullptr || way.task_id != me.id ||
      way.ancestry != me.ancestry || way.task->ancestry != me.ancestry) {
    return false;
  }
  const auto* entry = entry_of(f.rdi);
  if (entry == nullptr || way.entry != entry || way.descriptor != bits_of(*entry)) return false;
  const auto& rules = way.rules;
  if (rules.has_path_ &&
      (way.entries_put != descriptor_state().entries_put || way.names != directory_changes())) {
    return false;
  }
  auto& state = fault_state();
  const auto now_ns = world().scheduler.now_ns;
  if (now_ns < state.quiet_until_ns || now_ns >= state.live_from_ns) return false;
  for (unsigned i = 0; i < rules.count_; ++i) {
    if (!will_pass(state.rules[rules.rules_[i]], *way.task, rules.rules_[i])) return false;
  }
  for (unsigned i = 0; i < rules.count_; ++i) {
    ++state.rules[rules.rules_[i]].opportunities;
    ++way.task->asked[rules.rules_[i]];
  }
  return true;
}

void Opportunities::add(const FaultRule& rule, bool was_counted) {
  has_path_ |= needs_path(rule);
  may_change_ |= needs_process(rule) || depends_on_time(rule);
  if (!was_counted) return;
  may_change_ |= count_ == kMax;
  if (!may_change_) rules_[count_++] = static_cast<std::uint8_t>(&rule - fault_state().rules);
}

void Opportunities::add_later(const FaultRule& rule) { may_change_ |= depends_on_time(rule); }

void Opportunities::remember(const Moment& moment) const {
  auto& state = fault_state();
  const auto& f = moment.frame;
  const bool is_file = moment.point.target == Target::fd && moment.file != nullptr;
  const bool is_plain = (state.ops & bit_of(Op::process)) == 0 && !state.has_after_rules;
  const bool is_inside = state.quiet_until_ns <= world().scheduler.now_ns;
  if (may_change_ || !is_file || !is_plain || !is_inside || state.follows_list ||
      depends_on_arguments(f.number)) {
    return;
  }
  const Task& me = current_task();
  place_of(f) = {.number = f.number,
                 .fd = f.rdi,
                 .entry = entry_of(f.rdi),
                 .descriptor = bits_of(moment.descriptor),
                 .ancestry = me.ancestry,
                 .task_id = me.id,
                 .task = &draws_of_task(state, me.id, me.ancestry),
                 .entries_put = descriptor_state().entries_put,
                 .names = directory_changes(),
                 .rules = *this};
}

}  // namespace detsim
