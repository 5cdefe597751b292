// The vDSO: its functions are patched to jump into the shim.
#pragma once
#include <cstdint>

namespace detsim {

/// `base` is AT_SYSINFO_EHDR; 0 when there is none. Fails loudly when it cannot be patched.
void patch_vdso(std::uint64_t base);

}  // namespace detsim
