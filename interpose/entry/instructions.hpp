// Instructions that read what must not vary: rdtsc, rdtscp, rdrand, rdseed, rdpid, cpuid.
#pragma once
#include <ucontext.h>

#include <cstdint>

namespace detsim {

/// Called in the fault handler: answers an instruction that trapped (or was patched to trap) and
/// moves the context past it. False: a genuine fault of the target.
bool answer_instruction(int signal_number, ucontext_t* context);

/// Puts traps on rdrand, rdseed and rdpid in an executable mapping, before it runs. Keeps the
/// target's vector registers.
void scan_mapping(std::uint64_t begin, std::uint64_t end);
/// Scans everything that is mapped executable at the start.
void scan_image();

}  // namespace detsim
