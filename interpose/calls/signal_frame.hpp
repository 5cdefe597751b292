// Signal frames: what lies on the target's stack while its handler runs (struct rt_sigframe of
// arch/x86/include/asm/sigframe.h), and the way back.
#pragma once
#include "interpose/entry/frame.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// Makes the frame go on in the handler, with everything saved on the task's stack or alternate
/// stack. `mask` is what sigreturn restores; a genuine fault is described by fault_details().
/// False: there is no room.
bool push_signal_frame(Frame& f, const KernelSigaction& action, const SignalInfo& info,
                       std::uint64_t mask, bool is_fault);
/// rt_sigreturn: restores frame, vector state, mask and alternate stack. False: not readable.
bool pop_signal_frame(Frame& f);

constexpr std::uint32_t kAutoDisarm = 0x80000000;  // SS_AUTODISARM

struct AlternateStack {  // stack_t
  std::uint64_t base;
  std::uint32_t flags, padding;
  std::uint64_t bytes;
};
bool is_on_alternate_stack(const ThreadState& thread, std::uint64_t rsp);
/// sigaltstack(2), with the target's stack pointer: 0 or -errno.
long set_alternate_stack(ThreadState& thread, std::uint64_t rsp, const AlternateStack& wanted);

/// SignalInfo as the target reads it (siginfo_t, 128 bytes).
void write_signal_info(const SignalInfo& info, unsigned char (&bytes)[128]);
SignalInfo read_signal_info(const unsigned char (&bytes)[128]);

}  // namespace detsim
