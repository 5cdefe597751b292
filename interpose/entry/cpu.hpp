// The one virtual processor of a process: which task runs on it and on which stack the shim runs
// for that task. Private to the process (except that a vfork child shares it with its parent,
// and sets it anew whenever it gets the baton). entry.S shares these offsets.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interpose/entry/frame.hpp"

namespace detsim {

struct Task;
struct Process;
struct ThreadState;

struct Cpu {
  std::uint64_t user_rsp;   // scratch of entry.S, meaningful for a few instructions only
  std::uint64_t stack_top;  // of the current task's shim stack
  std::uint64_t resume;     // scratch: where the rewritten site goes on
  std::uint64_t jump;       // scratch: the last jump back into the target
  Task* task;               // the current task
  ThreadState* thread;      // its kernel state
  Process* process;
  std::uint64_t keeps_vector;  // not 0: the call came from a trap, so vector registers are live
};
static_assert(offsetof(Cpu, stack_top) == 8 && offsetof(Cpu, resume) == 16 &&
              offsetof(Cpu, jump) == 24);

extern "C" {
extern Cpu detsim_cpu;

/// Entered by jump, with rcx = the address after the syscall instruction, r11 free, everything
/// else as the target left it. `_trap`: comes from the SIGSYS handler; `_site`: from a rewritten
/// site, r11 = where to go on.
void detsim_entry_trap();
void detsim_entry_site();
/// Entered by jump from the fault handler: registers are in detsim_fault_frame.
void detsim_entry_fault();
extern Frame detsim_fault_frame;
/// Leaves the shim: restores the frame and goes on in the target.
[[noreturn]] void detsim_leave(Frame*);
/// Calls function(argument) on the current task's shim stack, from an exported symbol. Follows
/// the C calling convention.
std::uint64_t detsim_on_task_stack(std::uint64_t (*function)(std::uint64_t, std::uint64_t),
                                   std::uint64_t a, std::uint64_t b);
}

inline Cpu& cpu() { return detsim_cpu; }

}  // namespace detsim
