#include "launcher/report_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "launcher/report_running.hpp"
#include "launcher/values.hpp"
#include "scheduler/limits.hpp"
#include "trace/words.hpp"

namespace detsim {
namespace {

constexpr std::size_t kStacksMax = 512;  // further tasks are listed without

bool is_live(const Task& task) {
  return task.state == TaskState::runnable || task.state == TaskState::waiting;
}

bool is_shim_stack(std::uint64_t address) {
  return address >= kPrivateAddress && address < kPrivateAddress + kPrivateBytes;
}

std::string text_of(const char* name, std::size_t bytes) {
  return std::string(name, strnlen(name, bytes));
}

class Gathering {
 public:
  Gathering(World& world, Outcome outcome) : world_(world), running_(world, outcome) {
    facts_.outcome = outcome;
  }

  StopFacts gather() {
    facts_.now_ns = world_.scheduler.now_ns;
    facts_.events = world_.trace.count;
    for (TaskId id = 0; id < world_.scheduler.tasks_used; ++id) {
      const Task& task = world_.scheduler.tasks[id];
      if (is_live(task)) add(task);
    }
    std::sort(facts_.tasks.begin(), facts_.tasks.end(),
              [](const auto& a, const auto& b) { return a.tid < b.tid; });
    facts_.processes = views_.size();
    find_circles();
    facts_.sentence = sentence();
    return std::move(facts_);
  }

  TaskFacts gather_current() {
    add(world_.scheduler.tasks[world_.current]);
    return std::move(facts_.tasks.front());
  }

 private:
  void add(const Task& task) {
    const auto& process = world_.processes[task.process];
    TaskFacts facts;
    facts.id = task.id;
    facts.tid = task.tid;
    facts.name = text_of(task.name, sizeof(task.name));
    facts.pid = process.pid;
    facts.process = text_of(process.name, sizeof(process.name));
    facts.state = state_of(task);
    auto& view = view_of(process);
    Frame frame{};
    const bool has_frame = unwind(task, process, view, facts, frame);
    if (task.state == TaskState::waiting) {
      find_wait(world_, task, has_frame ? &frame : nullptr, view, facts);
    }
    facts_.tasks.push_back(std::move(facts));
  }

  std::string state_of(const Task& task) const {
    if (task.held) return "is stopped";
    if (task.state == TaskState::waiting) return "waits";
    return task.id == world_.current ? "runs" : "could run";
  }

  ProcessView& view_of(const Process& process) {
    auto& view = views_[process.index];
    if (view.pid != 0 || !view.problem.empty()) return view;
    view.pid = process.real_pid;
    if (process.exec_pending) {
      view.problem = "its process is replacing its program";
    } else {
      view.unwinder = Unwinder::open(view.pid, view.problem);
    }
    return view;
  }

  // Fills in the stack. Returns whether `frame` is the one of the call that the task is in.
  bool unwind(const Task& task, const Process& process, ProcessView& view, TaskFacts& facts,
              Frame& frame) {
    facts.stack_problem = view.problem;
    if (view.unwinder == nullptr) return false;
    const auto address = world_.threads[task.id].frame;
    bool in_call = address != 0 && read_memory(process.real_pid, address, &frame, sizeof(frame));
    Registers registers = registers_of(frame);
    const bool was_running = facts_.outcome == Outcome::wall_timeout && task.id == world_.current &&
                             task.state == TaskState::runnable;
    if (was_running && running_.pid() != process.real_pid) {
      facts.stack_problem = running_.problem();
      return false;
    }
    // On its shim stack it is in a call, and its frame says where it came from; elsewhere the
    // frame is that of an earlier call.
    if (was_running && !(in_call && is_shim_stack(running_.registers().rsp))) {
      registers = running_.registers();
      in_call = false;
    } else if (!in_call) {
      facts.stack_problem = "its registers cannot be read";
      return false;
    }
    if (facts_.tasks.size() < kStacksMax) facts.stack = view.unwinder->stack(registers);
    facts.stack_end = facts.stack.size();
    trim_outermost(facts);
    return in_call;
  }

  // What the C and C++ libraries put around main and a thread's function is nobody's question.
  static void trim_outermost(TaskFacts& facts) {
    auto end = facts.stack_end;
    while (end > 0 && is_library(facts.stack[end - 1])) --end;
    if (end > 0) facts.stack_end = end;
  }

  // Everyone waits for one other at most, so that every circle is met by following from each.
  void find_circles() {
    std::set<TaskId> seen;
    for (const auto& start : facts_.tasks) {
      std::vector<TaskId> path;
      const TaskFacts* at = &start;
      while (at != nullptr && at->wait && at->wait->holder != kNoTask && !seen.contains(at->id)) {
        seen.insert(at->id);
        path.push_back(at->id);
        at = facts_.find(at->wait->holder);
      }
      if (at == nullptr) continue;
      const auto begin = std::find(path.begin(), path.end(), at->id);
      if (begin != path.end()) facts_.circles.emplace_back(begin, path.end());
    }
  }

  std::string sentence() const {
    const auto count = [this](const char* state) {
      return std::count_if(facts_.tasks.begin(), facts_.tasks.end(),
                           [state](const auto& t) { return t.state == state; });
    };
    const auto waiting = count("waits"), total = std::ssize(facts_.tasks);
    if (facts_.outcome == Outcome::deadlock) {
      if (total == 1) return "deadlock: the only task waits for what can never happen";
      return waiting == total
                 ? fmt::format("deadlock: {} tasks wait, and none can ever run again", total)
                 : fmt::format(
                       "deadlock: {} tasks wait, {} are stopped, and none can ever run "
                       "again",
                       waiting, total - waiting);
    }
    std::string text =
        facts_.outcome == Outcome::virtual_timeout ? "the limit of virtual time has passed"
        : facts_.outcome == Outcome::wall_timeout  ? "the limit of real time has passed"
        : facts_.outcome == Outcome::output_limit
            ? fmt::format("the run has written more than {} (--output-limit)",
                          bytes_text(run_limits().output_bytes_max))
        : facts_.outcome == Outcome::stopped
            ? fmt::format("stopped before event {}", world_.trace.stop_at)
            : "the run was stopped";
    std::string parts;
    for (const char* state : {"runs", "could run", "waits", "is stopped"}) {
      if (const auto n = count(state); n > 0) {
        parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", n, plural(state, n));
      }
    }
    return fmt::format("{}: of {} {}, {}", text, total, total == 1 ? "task" : "tasks", parts);
  }

  static std::string plural(const std::string& state, std::ptrdiff_t count) {
    if (count == 1) return state;
    return state == "runs"         ? "run"
           : state == "waits"      ? "wait"
           : state == "is stopped" ? "are stopped"
                                   : state;
  }

  World& world_;
  RunningProcess running_;
  std::map<std::uint32_t, ProcessView> views_;  // by index of the process
  StopFacts facts_;
};

}  // namespace

bool is_library(const StackFrame& f) {
  for (const char* module : {"libc.so", "ld-linux", "libpthread.so", "libstdc++.so", "libc++.so"}) {
    if (f.module.starts_with(module)) return true;
  }
  return f.function == "_start" || f.file.starts_with("/usr/include/c++/") ||
         f.file.find("/include/c++/v1/") != std::string::npos;
}

const TaskFacts* StopFacts::find(TaskId id) const {
  const auto found =
      std::find_if(tasks.begin(), tasks.end(), [id](const auto& t) { return t.id == id; });
  return found == tasks.end() ? nullptr : &*found;
}

StopFacts gather(World& world, Outcome outcome) { return Gathering(world, outcome).gather(); }

CrashFacts gather_crash(World& world) {
  return {world.crash_signal, Gathering(world, Outcome::running).gather_current()};
}

std::string task_words(std::int32_t tid, const std::string& name) {
  return name.empty() ? fmt::format("task {}", tid) : fmt::format("task {} \"{}\"", tid, name);
}

std::string task_words(const Task& task) {
  return task_words(task.tid, text_of(task.name, sizeof(task.name)));
}

}  // namespace detsim
