// SURW, selectively uniform random walk (Zhao, Wolff, Mathur, Roychoudhury: "Selectively Uniform
// Concurrency Testing", ASPLOS 2025).
//
// Some events are of interest. Before each of them it is drawn which task's it will be, each task
// weighted by the number it still has to execute; until that task has done so, the others go on
// only up to their own next event of interest. With exact numbers all interleavings of the
// events of interest are equally likely, where a random walk makes those exponentially unlikely
// in which a short task comes late. A task's number includes its future children's; when it
// starts one while being the intended task, the two draw which of them it is.
//
// Of interest is what other tasks can observe: every operation but starts, ends and yields. With
// the parameter N, one object in N is of interest, drawn anew for every run: fewer interleavings,
// each more often.
//
// Without a profile (expect_events) a task weighs one more than the events of interest that it
// executed since a task was last started. That is Polya's urn: each interleaving of given lengths
// has the same probability, and at least 1/(n+m choose m) of what exact numbers would give it,
// for n events and m+1 tasks - a polynomial price where a random walk pays an exponential one.
//
// Deviations:
//   - what is not of interest is scheduled by a random walk;
//   - when the intended task waits and all others stand before an event of interest, the
//     intention is drawn anew among those that can run; the uniformity is claimed, as in the
//     paper, for programs without blocking;
//   - the intended task loses its turn when it yields, or when kPatienceMax other events went by:
//     somebody may be polling for what the others are kept from doing;
//   - a profile that was too short leaves a task a weight of one.
#include "scheduler/scheduler.hpp"
#include "scheduler/strategies/strategies.hpp"

namespace detsim {

void expect_events(Task& task, Task* parent, std::uint64_t events) {
  task.strategy.profiled = true;
  task.strategy.expected_events = events;
  if (parent == nullptr) return;
  auto& left = parent->strategy.expected_events;
  left -= left < events ? left : events;
}

namespace {

constexpr std::uint32_t kPatienceMax = 1024;
constexpr std::uint64_t kWeightMax = 1ull << 40;  // keeps the sum over all tasks in 64 bits

bool of_interest(const StrategyState& state, const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::none:
    case OperationKind::start:
    case OperationKind::end:
    case OperationKind::yield: return false;
    default: break;
  }
  if (state.parameter <= 1) return true;
  return operation.object != 0 && mix64(operation.object ^ state.salt) % state.parameter == 0;
}

std::uint64_t weight_of(const StrategyState& state, const Task& task) {
  const auto& known = task.strategy;
  std::uint64_t weight = 1;
  if (!known.profiled) {
    weight += known.urn == state.urn ? known.urn_events : 0;
  } else {
    const auto expected = known.expected_events / state.parameter;
    // None left is none to draw, unless it visibly stands before one more.
    weight = expected > known.steps ? expected - known.steps : of_interest(state, task.next);
  }
  return weight < kWeightMax ? weight : kWeightMax;
}

Task& runnable_task(Scheduler& scheduler, std::uint32_t index) {
  return scheduler.tasks[scheduler.runnable[index]];
}

/// Draws by weight among the runnable tasks, or among those of them marked as intended, and
/// marks that one only; none when nobody has any event of interest left.
void draw_intended(StrategyState& state, Scheduler& scheduler, bool among_marked) {
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < scheduler.runnable_count; ++i) {
    const Task& task = runnable_task(scheduler, i);
    if (!among_marked || task.strategy.intended) total += weight_of(state, task);
  }
  auto left = total == 0 ? 0 : state.stream.below(total);
  bool found = total == 0;
  state.intended = kNoTask;
  state.streak = 0;
  for (std::uint32_t i = 0; i < scheduler.runnable_count; ++i) {
    Task& task = runnable_task(scheduler, i);
    const bool candidate = !found && (!among_marked || task.strategy.intended);
    task.strategy.intended = false;
    if (!candidate) continue;
    const auto weight = weight_of(state, task);
    if (left < weight) {
      found = true;
      task.strategy.intended = true;
      state.intended = task.id;
    } else {
      left -= weight;
    }
  }
}

std::uint32_t count_marked(Scheduler& scheduler) {
  std::uint32_t marked = 0;
  for (std::uint32_t i = 0; i < scheduler.runnable_count; ++i) {
    marked += runnable_task(scheduler, i).strategy.intended;
  }
  return marked;
}

/// The intended task waits, and keeps its turn. (An ended one, or one whose id was reused, has
/// lost the mark.)
bool intended_waits(const StrategyState& state, const Scheduler& scheduler) {
  if (state.intended == kNoTask) return false;
  const Task& task = scheduler.tasks[state.intended];
  return task.strategy.intended && task.state != TaskState::dead;
}

bool may_go(const StrategyState& state, const Task& task) {
  return task.strategy.intended || !of_interest(state, task.next);
}

std::uint32_t count_candidates(const StrategyState& state, Scheduler& scheduler) {
  std::uint32_t candidates = 0;
  for (std::uint32_t i = 0; i < scheduler.runnable_count; ++i) {
    candidates += may_go(state, runnable_task(scheduler, i));
  }
  return candidates;
}

void settle_intention(StrategyState& state, Scheduler& scheduler) {
  const auto marked = count_marked(scheduler);
  if (marked > 1) {
    draw_intended(state, scheduler, true);
  } else if (marked == 0 && !intended_waits(state, scheduler)) {
    draw_intended(state, scheduler, false);
  }
}

void end_turn(StrategyState& state, Task& task) {
  if (state.intended == task.id) state.intended = kNoTask;
  task.strategy.intended = false;
}

/// The task's next event is about to be executed.
void note_executed(StrategyState& state, Scheduler& scheduler, Task& task) {
  auto& known = task.strategy;
  if (!of_interest(state, task.next)) {
    if (task.next.kind == OperationKind::yield) end_turn(state, task);
    if (state.intended != kNoTask && ++state.streak == kPatienceMax) {
      end_turn(state, scheduler.tasks[state.intended]);
    }
    return;
  }
  ++known.steps;
  if (known.urn != state.urn) {
    known.urn = state.urn;
    known.urn_events = 0;
  }
  ++known.urn_events;
  end_turn(state, task);
}

void begin(StrategyState& state) {
  state.intended = kNoTask;
  if (state.parameter > 1) state.salt = state.stream.below(1ull << 63);
}

void task_started(StrategyState& state, Task& task, const Task* parent) {
  ++state.urn;
  // The turn was given to a number that held the child's events too: both are marked now.
  task.strategy.intended = parent != nullptr && parent->strategy.intended;
}

std::uint32_t pick(StrategyState& state, Scheduler& scheduler, const Task*) {
  std::uint32_t chosen = 0;
  if (scheduler.runnable_count > 1) {
    settle_intention(state, scheduler);
    auto candidates = count_candidates(state, scheduler);
    if (candidates == 0) {
      if (state.intended != kNoTask) end_turn(state, scheduler.tasks[state.intended]);
      draw_intended(state, scheduler, false);
      candidates = count_candidates(state, scheduler);
    }
    auto skip = candidates == 1 ? 0 : state.stream.below(candidates);
    while (!may_go(state, runnable_task(scheduler, chosen)) || skip-- != 0) ++chosen;
  }
  note_executed(state, scheduler, runnable_task(scheduler, chosen));
  return chosen;
}

}  // namespace

const Strategy strategy_surw = {
    .name = "surw",
    .parameter = "one shared object in N is of interest, drawn for each run",
    .summary = "tasks weighted by the events they have left (Zhao et al., ASPLOS 2025)",
    .parameter_default = 1,
    .parameter_max = 1u << 16,
    .begin = begin,
    .task_started = task_started,
    .pick = pick,
    .every_step = true,
};

}  // namespace detsim
