// Signals: queued in the world, delivered at scheduling points onto the task's own stack or its
// virtual alternate stack, with frames and sigreturn made here. The kernel's own signal mask
// stays empty, and its dispositions are the shim's.
//
// As in the kernel, a signal that was posted makes one task take it: ThreadState::signals_due of
// that task says so. Other tasks leave it alone until they look anew, because their mask changed.
//
// Invariants:
//   - what is pending for a task and not blocked makes its signals_due true;
//   - what is pending for a process and not blocked by all makes it true of one of these tasks;
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

/// While the current task waits for signals that it blocks (sigtimedwait), they are its to take.
void begin_awaiting(std::uint64_t set);
void end_awaiting();

/// Changes the current task's mask. SIGKILL and SIGSTOP stay out of it.
void set_signal_mask(std::uint64_t mask);
/// A task ends: what it was to take of its process's signals becomes another one's to take. Called
/// when it is no longer one of the process's live tasks.
void leave_signals(Process& process, const ThreadState& thread);
/// The current process ends by a signal's default action.
[[noreturn]] void end_by_signal(int number);

/// A genuine fault of the current task: its handler or its end.
void deliver_fault(Frame& f, const SignalInfo& info);

/// What the kernel and the processor said of the last genuine fault.
struct FaultDetails {
  std::uint64_t error = 0, trap = 0, address = 0;
  unsigned char info[128] = {};  // siginfo_t
};
const FaultDetails& fault_details();

/// Replaces the current task's mask for the time of one call (ppoll, sigsuspend, ...): put back by
/// the delivery of the signal that ended the call, or by end_temporary_mask() when none did.
void begin_temporary_mask(std::uint64_t mask);
void end_temporary_mask();

/// After a change of disposition: pending signals that are now ignored are dropped.
void forget_ignored(Process& process, int number);
/// Forgets queued signals.
void clear_signals(SignalQueue& queue);
/// execve: handlers become default, the alternate stack goes.
void reset_signals_for_exec(Process& process, ThreadState& thread);
/// Which vector state a signal frame holds on this machine; once per image.
void measure_vector_state();

}  // namespace detsim
