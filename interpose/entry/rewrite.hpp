// Rewritten sites: a syscall instruction that trapped is replaced by a jump, so that the next
// call from there costs tens of nanoseconds.
#pragma once
#include <cstdint>

namespace detsim {

/// Called in the SIGSYS handler (so vector registers are free to use) with the address of a
/// syscall instruction that trapped and the number it asked for. Rewrites it when that is safe;
/// whether it does changes nothing but speed.
void consider_rewriting(std::uint64_t site, std::uint64_t number);

}  // namespace detsim
