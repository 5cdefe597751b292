// The shim's own signal handlers: SIGSYS (a call by user dispatch) and the faults.
#pragma once
#include <signal.h>
#include <ucontext.h>

#include <cstdint>

#include "interpose/entry/frame.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// Installs handlers and the alternate stack in the kernel, and empties its signal mask.
/// `stack` is set up once per kernel thread.
void install_traps();
/// The alternate stack and user dispatch of a new image.
void arm_dispatch();
/// The same for a process that shares our memory. Signals come to both at any time (the watchdog's,
/// those from outside), so it has an alternate stack of its own, which belongs to its shim stack.
void arm_dispatch(std::uint64_t shim_stack);
/// Makes that alternate stack, beforehand; false: there is no memory. It stays, since a vfork child
/// may outlive its parent.
bool map_signal_stack(std::uint64_t shim_stack);
/// The genuine fault that last entered through detsim_entry_fault.
const SignalInfo& fault_info();
/// The target steps itself (trap flag): it goes on doing so when it leaves the shim.
void resume_stepping(Frame& f);
/// In a signal handler that interrupted the target's own code: it enters the shim by
/// detsim_entry_fault, and there is no fault (fault_info().number is 0).
void enter_from_handler(greg_t* regs);
/// Installs a handler of the shim's in the kernel.
void handle_in_kernel(int number, void (*handler)(int, siginfo_t*, void*));
/// Whether an address is in the shim's own text.
bool in_shim_text(std::uint64_t address);
/// Whether it is in code that is neither the shim's nor its decoder's.
bool is_target_text(std::uint64_t address);
/// Whether it is where the shim goes back to the target: registers are the target's already.
bool in_leave_tail(std::uint64_t address);
/// The registers of a signal handler's context.
Frame frame_of_context(const greg_t* regs);

}  // namespace detsim
