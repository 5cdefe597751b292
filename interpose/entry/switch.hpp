// Making a task run: fibers within a process, the baton between processes.
//
// Every task has a shim stack in the private mapping; switching tasks is switching these stacks
// inside the shim, as a kernel switches kernel stacks. The right to run (the baton) passes to
// another process through a futex in the world; the process that gave it away sleeps in the
// kernel until it gets it back.
#pragma once
#include <cstdint>

#include "interpose/entry/cpu.hpp"
#include "scheduler/world.hpp"

namespace detsim {

constexpr std::uint64_t kStackBytes = 128 << 10;  // of a task's shim stack, vector area included
constexpr std::uint64_t kVectorBytes = 16 << 10;  // at its low end

inline ThreadState& thread_of(const Task& task) { return world().threads[task.id]; }
inline Process& process_of(const Task& task) { return world().processes[task.process]; }
inline Task& current_task() { return *cpu().task; }
inline Process& current_process() { return *cpu().process; }
inline ThreadState& current_thread() { return *cpu().thread; }

/// Maps the private region; once per image.
void set_up_stacks();
/// A free shim stack of this process; 0 when there is none. Returns its top.
std::uint64_t allocate_stack();
void free_stack(std::uint64_t top);
/// Behind the last one that has ever been used.
std::uint64_t stacks_end();
/// After fork: only the stack in use remains.
void keep_only_stack(std::uint64_t top);

/// Puts a new task's fiber on a stack: when first switched to, it leaves the shim by `frame`.
void prepare_fiber(Task& task, std::uint64_t stack_top, const Frame& frame);

/// The segment bases of the running task, which it may have changed unseen (wrfsbase).
std::uint64_t current_fs_base();
std::uint64_t current_gs_base();

/// Makes `task` the one that this process's virtual processor runs, without switching.
void install(Task& task);

/// Lets another task run: the strategy's choice among the runnable ones, time moved on to the
/// next deadline when there is none. Returns when the current task runs again; never, when it
/// ended.
void reschedule();
/// The next task that runs, when the current one's process will not; moves time on if it must.
Task& choose_next();
/// A new process (fork, vfork child) waits here until it is first chosen.
void await_baton(Process& mine);
/// How long the kernel lets a new process run at a time: handing the baton over gets cheaper.
void take_own_slice(const Process& mine);
/// Ends the run's processes when the launcher is gone (killed by SIGKILL): only the first one of
/// them would be told by the kernel.
void end_with_launcher();

/// A scheduling point in the middle of running: the current task stays runnable.
void scheduling_point(Operation operation);

/// Waits in a queue; see Scheduler::wait. Returns why it ended.
Wake wait_for(WaitKind kind, WaitKey key, std::uint64_t deadline_ns, bool interruptible,
              std::uint32_t bits = ~0u);

/// Ends the run on detsim's own account; the launcher reports and kills.
[[noreturn]] void stop_run(Outcome outcome);

}  // namespace detsim
