// Processes of the world: pids, parents, groups, ends. Real pids are known here and in the
// launcher only.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// The process with this virtual pid, live or zombie; nullptr when there is none.
Process* find_process(std::int32_t pid);
/// The live task with this virtual tid; nullptr when there is none.
Task* find_task(std::int32_t tid);

/// The user of the current process, as the kernel has it.
std::uint32_t real_uid();

/// A fresh process entry, child of `parent` (nullptr: the root); nullptr when the table is full.
Process* start_process(Process* parent);
/// A fresh task of a process, runnable; `parent` is who made it.
Task* start_task(Process& process, const Task* parent);

/// Gives a task a name; the process has its main task's.
void name_task(Task& task, const char* name);

/// Tasks of a process in order of their ids; `visit` must not start tasks.
template <typename Visit>
void for_each_task(const Process& process, Visit visit) {
  auto& scheduler = world().scheduler;
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    Task& task = scheduler.tasks[id];
    if (task.state != TaskState::unused && task.state != TaskState::dead &&
        task.process == process.index) {
      visit(task);
    }
  }
}

/// The current task ends (exit(2)); its process with it when it was the last.
[[noreturn]] void end_task(int status);
/// The current process ends with this wait(2) status (exit_group, or death by signal).
[[noreturn]] void end_process(std::uint32_t status);
/// Waits, for real, until a process is gone from the kernel: its descriptors are closed then.
void wait_until_gone(std::int32_t real_pid);
/// SIGCHLD (or what else was asked for at clone) and the wake-up of a waiting parent.
void tell_parent(Process& child);
/// Bookkeeping of a process that is gone, or about to go: zombie, children, parent's SIGCHLD.
void bury(Process& process, std::uint32_t status);

/// Buries the process that the launcher found dead (World::lost_process).
void bury_lost();

/// Puts the number of its virtual cpu where a task of this address space reads it without a call.
bool write_rseq_cpu(const ThreadState& thread);

/// CPU time of a process so far, of all of its tasks.
std::uint64_t cpu_time_of(const Process& process);

/// All other tasks of the process vanish (execve).
void end_other_tasks(Process& process, const Task& survivor);

/// The parent of a vfork child goes on.
void release_vfork_parent(Process& child);

constexpr TaskId kEndedTask = kTasksMax;  // Process::main_task when it has ended before the others
constexpr std::int32_t kInitPid = 1;      // who inherits orphans; no process of the world
/// The parent and session of the root process, as if an interactive shell had started it: the
/// same wherever the run is started from.
constexpr std::int32_t kShellPid = 999;
constexpr std::uint64_t kProcessSpace = 2;  // WaitKey::space of waits for a child of `address`

}  // namespace detsim
