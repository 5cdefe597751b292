// The vDSO: its functions are patched in place to jump into the shim, so that whoever finds them,
// by whatever means, reads the virtual clock.
#pragma once
#include <cstdint>

namespace detsim {

/// `base` is AT_SYSINFO_EHDR; 0 when there is none. Fails loudly when it cannot be patched.
void patch_vdso(std::uint64_t base);

/// Whether an address in the shim's text is one where a fault is the target's own: a store through
/// a pointer that it passed to a function of the vDSO.
bool in_vdso_function(std::uint64_t address);

/// Whether an address lies in the vDSO itself.
bool in_vdso(std::uint64_t address);

}  // namespace detsim
