// Replay: the schedule of an earlier run, or what was made of it by shortening; see
// scheduler/replay.hpp for the default policy and the list. Draws nothing.
#include "scheduler/replay.hpp"

#include "scheduler/scheduler.hpp"
#include "scheduler/strategies/strategies.hpp"

namespace detsim {
namespace {

void begin(StrategyState& state) {
  state.last = kNoTask;
  state.streak = 0;
}

void task_started(StrategyState&, Task&, const Task*) {}

/// Where among the runnable tasks the one with this tid is; runnable_count: nowhere.
std::uint32_t index_of(const Scheduler& scheduler, std::int64_t tid) {
  std::uint32_t i = 0;
  while (i < scheduler.runnable_count && scheduler.tasks[scheduler.runnable[i]].tid != tid) ++i;
  return i;
}

std::int32_t tid_at(const Scheduler& scheduler, std::uint32_t index) {
  return scheduler.tasks[scheduler.runnable[index]].tid;
}

/// The lowest tid above `tid` in the cyclic order.
std::uint32_t next_after(const Scheduler& scheduler, std::int32_t tid) {
  const auto distance = [&](std::uint32_t index) {
    return static_cast<std::uint32_t>(tid_at(scheduler, index)) - static_cast<std::uint32_t>(tid) -
           1;
  };
  std::uint32_t nearest = 0;
  for (std::uint32_t i = 1; i < scheduler.runnable_count; ++i) {
    if (distance(i) < distance(nearest)) nearest = i;
  }
  return nearest;
}

std::uint32_t by_policy(const StrategyState& state, const Scheduler& scheduler,
                        const Task* current) {
  if (current == nullptr) return next_after(scheduler, 0);
  const auto stay = index_of(scheduler, current->tid);
  if (stay == scheduler.runnable_count) return next_after(scheduler, 0);
  return state.streak < kStaysMax ? stay : next_after(scheduler, current->tid);
}

/// The entry for this number, if the list has one; entries that were passed by are misfits.
Choice* entry_for(ChoiceList& list, Choice* entries, std::uint64_t count, std::uint64_t& next,
                  std::uint64_t number) {
  while (next < count && entries[next].number < number) {
    if (list.misfits++ == 0) list.first_misfit = entries[next].number;
    entries[next++].value = kNoEffect;
  }
  if (next == count || entries[next].number != number) return nullptr;
  return &entries[next++];
}

std::uint32_t pick(StrategyState& state, Scheduler& scheduler, const Task* current) {
  auto chosen = by_policy(state, scheduler, current);
  if (auto* list = state.choices) {
    // decide() has counted this decision already.
    auto* const entry = entry_for(*list, list->switches, list->switch_count, list->next_switch,
                                  scheduler.decisions - 1);
    if (entry != nullptr) {
      const auto wanted = index_of(scheduler, entry->value);
      if (wanted == scheduler.runnable_count) {
        if (list->misfits++ == 0) list->first_misfit = entry->number;
        entry->value = kNoEffect;
      } else if (wanted == chosen) {
        ++list->not_deviating;
        entry->value = kNoEffect;
      } else {
        chosen = wanted;
      }
    }
  }
  const bool stays = current != nullptr && scheduler.runnable[chosen] == current->id;
  state.streak = stays ? state.streak + 1 : 0;
  return chosen;
}

std::uint64_t pick_wake(StrategyState& state, std::uint64_t number, std::uint64_t candidates) {
  auto* list = state.choices;
  if (list == nullptr) return 0;
  auto* const entry = entry_for(*list, list->wakes, list->wake_count, list->next_wake, number);
  if (entry == nullptr) return 0;
  const auto wanted = static_cast<std::uint64_t>(entry->value);
  if (wanted < candidates) return wanted;
  if (list->misfits++ == 0) list->first_misfit = entry->number;
  entry->value = kNoEffect;
  return 0;
}

}  // namespace

const Strategy strategy_replay = {
    .name = "replay",
    .parameter = nullptr,
    .summary = "the choices of an earlier run; where none is listed, on with the current task",
    .parameter_default = 0,
    .parameter_max = 0,
    .begin = begin,
    .task_started = task_started,
    .pick = pick,
    .every_step = false,
    .pick_wake = pick_wake,
    .follows_choices = true,
};

}  // namespace detsim
