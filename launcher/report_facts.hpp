// What a report knows before it is put into words: read from the world, and from the memory of
// the run's processes.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launcher/unwind.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// What a task waits for.
struct WaitFacts {
  std::string verb;    // "waits for", "joins", "sleeps"
  std::string noun;    // "mutex", "condition variable"; empty when the verb says all
  std::string object;  // "account_lock", "forks+40", "0x55555556c2b0 in the heap"; may be empty
  std::string remark;  // "2 of 3 have arrived"
  std::uint64_t address = 0;  // of the object in the target; 0: it has none
  TaskId holder = kNoTask;    // who would have to act: the lock's owner, the joined task
  std::string holder_words;   // "held by task 4 \"clerk\""
  std::uint64_t since_ns = 0;
  std::uint64_t until_ns = kNever;
};

struct TaskFacts {
  TaskId id = kNoTask;
  std::int32_t tid = 0;
  std::string name;
  std::int32_t pid = 0;
  std::string process;
  std::string state;  // "waits", "runs", "could run", "is stopped"
  std::optional<WaitFacts> wait;
  std::vector<StackFrame> stack;               // as unwound, innermost first
  std::size_t stack_begin = 0, stack_end = 0;  // the part that is the target's own
  std::string stack_problem;                   // why there is none
};

struct StopFacts {
  Outcome outcome = Outcome::running;
  std::string sentence;
  std::uint64_t now_ns = 0;
  std::uint64_t events = 0;
  std::vector<TaskFacts> tasks;              // by tid
  std::vector<std::vector<TaskId>> circles;  // each waits for the next, the last for the first
  std::size_t processes = 0;

  const TaskFacts* find(TaskId id) const;
};

/// Of the C and C++ libraries, which are nobody's question.
bool is_library(const StackFrame& frame);

/// Where a process was that a signal ended.
struct CrashFacts {
  int signal = 0;
  TaskFacts task;
};

/// While the current task's process is about to end (Request::crash).
CrashFacts gather_crash(World& world);

/// Stops the process that runs while it looks, where the outcome left one running.
StopFacts gather(World& world, Outcome outcome);

/// `task 4 "clerk"`.
std::string task_words(std::int32_t tid, const std::string& name);
std::string task_words(const Task& task);

/// One process as a report looks at it; opened once for all of its tasks.
struct ProcessView {
  pid_t pid = 0;
  std::unique_ptr<Unwinder> unwinder;  // nullptr: `problem` says why
  std::string problem;
};

/// Names an address in words: the symbol, or what kind of memory it is.
std::string describe_address(const World& world, const Process& process, ProcessView& view,
                             std::uint64_t address);

/// Whether the process may write there (and so others could change it).
bool is_writable(pid_t pid, std::uint64_t address);

/// What a task waits for in a call other than futex. `frame`: of the call; may be nullptr.
WaitFacts find_call_wait(const World& world, const Task& task, const Frame* frame);

/// Who holds the lock of a descriptor's file that the task waits for.
void find_lock_holder(const World& world, const Task& task, std::int32_t descriptor,
                      WaitFacts& wait);

/// What a waiting task waits for. Fills `wait`, and may narrow `stack_begin` of the task to leave
/// out the inside of the C library's function.
void find_wait(const World& world, const Task& task, const Frame* frame, ProcessView& view,
               TaskFacts& facts);

}  // namespace detsim
