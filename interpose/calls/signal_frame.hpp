// Signal frames: what lies on the target's stack while its handler runs (struct rt_sigframe of
// arch/x86/include/asm/sigframe.h), and the way back.
#pragma once
#include "interpose/entry/frame.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// Makes the frame go on in the handler, with everything saved on the task's stack or alternate
/// stack. `mask` is what sigreturn restores. False: there is no memory there.
bool push_signal_frame(Frame& f, const KernelSigaction& action, const SignalInfo& info,
                       std::uint64_t mask);
/// rt_sigreturn: restores frame, vector state, mask and alternate stack. False: not readable.
bool pop_signal_frame(Frame& f);

/// SignalInfo as the target reads it (siginfo_t, 128 bytes).
void write_signal_info(const SignalInfo& info, unsigned char (&bytes)[128]);
SignalInfo read_signal_info(const unsigned char (&bytes)[128]);

}  // namespace detsim
