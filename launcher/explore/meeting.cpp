#include "launcher/explore/meeting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "launcher/report_words.hpp"
#include "launcher/scratch.hpp"
#include "trace/reader.hpp"

namespace detsim {
namespace {

constexpr std::size_t kColumns = 96;

struct Side {
  std::int32_t tid = 0;
  Operation next;
  std::string object;  // in words; empty: not known
};

const char* words_for(OperationKind kind) {
  switch (kind) {
    case OperationKind::lock: return "lock";
    case OperationKind::unlock: return "unlock";
    case OperationKind::wait: return "wait for";
    case OperationKind::signal: return "notify";
    case OperationKind::atomic: return "change";
    case OperationKind::read: return "read";
    case OperationKind::write: return "write";
    case OperationKind::start: return "start";
    case OperationKind::end: return "end";
    case OperationKind::yield: return "yield";
    default: return "make a call";
  }
}

bool has_address(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::lock:
    case OperationKind::unlock:
    case OperationKind::wait:
    case OperationKind::signal:
    case OperationKind::atomic:
    case OperationKind::read:
    case OperationKind::write: return operation.object != 0;
    default: return false;
  }
}

Side side_of(World& w, std::int64_t tid) {
  Side side;
  for (TaskId id = 0; id < w.scheduler.tasks_used; ++id) {
    const auto& task = w.scheduler.tasks[id];
    if (task.tid != tid || task.state == TaskState::dead) continue;
    side.tid = task.tid;
    side.next = task.next;
    if (!has_address(task.next)) return side;
    const auto& process = w.processes[task.process];
    ProcessView view;
    view.pid = process.real_pid;
    view.unwinder = Unwinder::open(view.pid, view.problem);
    side.object = describe_address(w, process, view, task.next.object);
    return side;
  }
  return side;
}

// The event of that decision: its number in the trace, and who was running.
bool find_event(Runner& runner, RunOptions options, const Choice& which, std::uint64_t& number,
                std::int32_t& from) {
  std::string problem;
  const Scratch scratch(problem);
  options.trace_path = scratch.path() + "/trace";
  runner.run(options);
  const auto trace = TraceReader::open(options.trace_path, problem);
  if (trace == nullptr) return false;
  std::uint64_t decisions = 0;
  for (number = 0; number < trace->count(); ++number) {
    if (trace->event(number).kind != EventKind::decision) continue;
    if (decisions++ != which.number) continue;
    from = trace->event(number).tid;
    return true;
  }
  return false;
}

std::string stack_of(const StopFacts& facts, std::int32_t tid) {
  for (const auto& task : facts.tasks) {
    if (task.tid != tid) continue;
    std::string text;
    for (const auto& line : stack_lines(task, kColumns)) text += "    " + line + "\n";
    return text;
  }
  return "";
}

std::string name_of(const StopFacts& facts, std::int32_t tid) {
  for (const auto& task : facts.tasks) {
    if (task.tid == tid) return task_words(tid, task.name);
  }
  return fmt::format("task {}", tid);
}

std::string action_of(const Side& side) {
  return side.object.empty() ? words_for(side.next.kind)
                             : fmt::format("{} {}", words_for(side.next.kind), side.object);
}

// How far behind the switch the other side is looked for.
constexpr std::uint64_t kEventsMax = 60;

/// The one who went first, at the step at which it comes to what the other was about to use.
struct Meeting {
  Side side;
  std::string stack;
};

std::optional<Meeting> find_meeting(Runner& runner, RunOptions options, std::uint64_t switched,
                                    const Side& from, std::int32_t tid) {
  if (from.next.object == 0) return std::nullopt;
  for (std::uint64_t event = switched; event < switched + kEventsMax; ++event) {
    Meeting meeting;
    bool other_waits = false;
    options.stop_at = event;
    const auto run = runner.run(options, [&](World& w) {
      meeting.side = side_of(w, tid);
      other_waits = side_of(w, from.tid).next.object == from.next.object;
    });
    if (!run.facts || !other_waits) return std::nullopt;
    if (meeting.side.next.object != from.next.object) continue;
    meeting.stack = stack_of(*run.facts, tid);
    return meeting;
  }
  return std::nullopt;
}

}  // namespace

std::string words_of_switch(Runner& runner, RunOptions options, const Choices& choices,
                            const Choice& which) {
  options.choices = std::make_shared<Choices>(choices);
  std::uint64_t number = 0;
  std::int32_t from_tid = 0;
  if (!find_event(runner, options, which, number, from_tid)) {
    return "The switch that decides could not be found in the trace.\n";
  }
  Side from, to;
  options.stop_at = number;
  const auto run = runner.run(options, [&](World& w) {
    from = side_of(w, from_tid);
    to = side_of(w, which.value);
  });
  if (!run.facts) return "The run could not be stopped at the switch that decides.\n";
  const auto& facts = *run.facts;
  const auto from_name = name_of(facts, from_tid), to_name = name_of(facts, to.tid);
  auto text = fmt::format(
      "The switch that decides is decision {} (event {}): {} does not go on, {} goes first.\n"
      "Without it the run passes.\n\n{} was about to {}:\n{}\n",
      which.number, number, from_name, to_name, from_name, action_of(from),
      stack_of(facts, from_tid));
  const auto meeting = find_meeting(runner, options, number, from, to.tid);
  if (!meeting) {
    return text + fmt::format("{} goes first, and is about to {}:\n{}", to_name, action_of(to),
                              stack_of(facts, to.tid));
  }
  text += fmt::format("{} goes first, and comes to {}:\n{}", to_name, action_of(meeting->side),
                      meeting->stack);
  const auto object = from.object.empty() ? "the same file or argument" : from.object;
  return text + fmt::format("\nThey meet at {}.\n", object);
}

}  // namespace detsim
