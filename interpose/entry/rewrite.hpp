// Rewritten sites: a syscall instruction that trapped is replaced by a jump, so that the next
// call from there costs tens of nanoseconds.
#pragma once
#include <cstdint>

namespace detsim {

/// Called in the SIGSYS handler (so vector registers are free to use) with the address of a
/// syscall instruction that trapped and the number it asked for. Rewrites it when that is safe;
/// whether it does changes nothing but speed.
void consider_rewriting(std::uint64_t site, std::uint64_t number);

/// Where to go on for a target address that lies inside a rewritten site; 0: at the address itself.
std::uint64_t resume_address(std::uint64_t rip);

}  // namespace detsim
