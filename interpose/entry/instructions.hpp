// Instructions that read what must not vary, without a system call.
//
//   rdtsc, rdtscp            trapped by the kernel on request (PR_SET_TSC): the virtual clock. The
//                            counter runs at 1 GHz and is CLOCK_MONOTONIC in nanoseconds
//   cpuid                    trapped where the processor can (ARCH_CPUID): one truth about the
//                            number of processors, and nothing that no door can answer for
//   rdrand, rdseed, rdpid    cannot be trapped: found by decoding code before it runs, and their
//                            first byte replaced by hlt, which faults
//
// All of them end in the handler of SIGSEGV, which answers them and moves on.
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
/// Scans everything that is mapped executable at the start, and has cpuid trapped from now on.
void scan_image();

// -- the parts

/// An instruction that has to be patched, as its bytes say.
struct PatchedInstruction {
  enum Kind : std::uint8_t { none, random_number, random_seed, processor_id } kind = none;
  unsigned length = 0;
  unsigned bits = 0;  // of the register that it writes
  unsigned reg = 0;   // 0..15 as encoded
};
/// Reads prefixes, opcode and operand; Kind::none when it is anything else.
PatchedInstruction read_instruction(const unsigned char* code, unsigned count);

struct ProcessorAnswer {
  std::uint32_t a, b, c, d;
};
/// What cpuid tells on the virtual machine.
ProcessorAnswer ask_processor(std::uint32_t leaf, std::uint32_t subleaf);
/// Has cpuid trapped in this process, where the processor can.
void trap_cpuid();

}  // namespace detsim
