// Rewritten sites: a syscall instruction that trapped often enough is replaced by a jump, so that
// the next call from there costs tens of nanoseconds.
//
// Two ways, both decided by decoding the whole function around the site:
//
//   in front:  mov eax, N; syscall        What stands in front, at least five bytes, becomes a jump
//                                         to a stub that does the same and enters. The syscall
//                                         instruction itself stays, so whoever jumps straight to
//                                         it, or restarts it, traps as before.
//   behind:    syscall; cmp rax, -4096    The syscall and what stands behind it become a jump; the
//                                         stub enters, and the rest is carried out in its tail.
//
// Laws (those of rr and e9patch): both ends of the patch are instruction boundaries; no direct
// branch of the function lands strictly inside; where the patch is more than one instruction, none
// of the parts that the function jumps to does, and there is no indirect jump nor landing pad; what
// is moved cannot fault and means the same anywhere; code without unwinding tables is left alone,
// since its boundaries would be a guess.
//
// A Frame always holds the canonical address, the one behind the syscall instruction; where that
// now lies inside of a patch, Frame::resume says where to go on. Frames that were left by a trap
// before the site was rewritten are corrected when it is.
#pragma once
#include <cstdint>

namespace detsim {

/// Called in the SIGSYS handler (so vector registers are free to use) with the address of a
/// syscall instruction that trapped and the number it asked for. Rewrites it when that is safe;
/// whether it does changes nothing but speed.
void consider_rewriting(std::uint64_t site, std::uint64_t number);

/// In a process that is parked: rewrites a site that trapped in a copy of it, so that later copies
/// need not trap. Vector registers must be free to use.
void rewrite_ahead(std::uint64_t site);

/// Where to go on for a target address that lies inside of a rewritten site; 0: at the address
/// itself.
std::uint64_t resume_address(std::uint64_t rip);

/// What the doors have seen, for all processes of the run. Read by tests and reports; nothing
/// depends on it.
struct DoorCounters {
  std::uint64_t trapped_calls;   // by user dispatch
  std::uint64_t sites_in_front;  // rewritten, by method
  std::uint64_t sites_behind;
  std::uint64_t sites_refused;  // go on trapping
  std::uint64_t decoders_loaded;
  std::uint64_t trapped_instructions;  // rdtsc and the like, patched ones included
  std::uint64_t patched_instructions;  // places where a trap was put
  std::uint64_t left_instructions;  // looked like one that must not be left, but could not be told
  std::uint64_t scanned_bytes;
};
DoorCounters& door_counters();

}  // namespace detsim
