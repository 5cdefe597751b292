// Signals: queued in the world, delivered at scheduling points onto the task's own stack or its
// virtual alternate stack, with frames and sigreturn made here. The kernel's own signal mask
// stays empty, and its dispositions are the shim's.
//
// Invariants:
//   - a signal is delivered only to the current task, on its way out of the shim;
//   - SIGKILL and SIGSTOP are never blocked; SIGSYS of user dispatch never reaches the target;
//   - a frame on the target's stack holds the whole vector state, as the kernel's does.
#pragma once
#include "interpose/entry/frame.hpp"
#include "scheduler/world.hpp"

namespace detsim {

constexpr std::uint64_t bit_of(int number) { return 1ull << (number - 1); }

inline std::uint64_t deliverable(const Process& process, const ThreadState& thread) {
  return (process.pending.set | thread.pending.set) & ~thread.signal_mask;
}
/// Whether the current task has a signal to take before it goes back to the target.
bool has_deliverable_signal();

/// Delivers what is pending to the current task: runs default actions, or changes the frame so
/// that the target goes on in a handler. `result` is the result of the call that is being left
/// (see kRestartSys). Returns true when the call has to be carried out again.
bool deliver_signals(Frame& f, long result);

/// Queues a signal for a process (any of its tasks that does not block it takes it).
void post(Process& process, const SignalInfo& info);
/// Queues a signal for one task.
void post(Task& task, const SignalInfo& info);

/// Takes the lowest pending signal of `set` from the task's, then the process's queue; false when
/// there is none.
bool take_signal(Process& process, ThreadState& thread, std::uint64_t set, SignalInfo& info);

/// A genuine fault of the current task: its handler or its end.
void deliver_fault(Frame& f, const SignalInfo& info);

/// Whether an info describes a genuine fault, and what the processor said of the last one.
bool is_fault(const SignalInfo& info);
void fault_details(std::uint64_t& error, std::uint64_t& trap, std::uint64_t& address);

/// Replaces the current task's mask for the time of one call (ppoll, sigsuspend, ...): put back by
/// the delivery of the signal that ended the call, or by end_temporary_mask() when none did.
void begin_temporary_mask(std::uint64_t mask);
void end_temporary_mask();

/// The process stops (SIGSTOP and the like) or continues.
void stop_process(Process& process, int signal);
void continue_process(Process& process);

/// After a change of disposition: pending signals that are now ignored are dropped.
void forget_ignored(Process& process, int number);
/// Forgets queued signals.
void clear_signals(SignalQueue& queue);
/// execve: handlers become default, the alternate stack goes.
void reset_signals_for_exec(Process& process, ThreadState& thread);
/// Which vector state a signal frame holds on this machine; once per image.
void measure_vector_state();

}  // namespace detsim
