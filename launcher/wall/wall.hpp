// The outer wall: a seccomp filter that the launcher installs and that every process of the run
// inherits. It refuses what would let real time or the kernel's own scheduling in should it ever
// get past the shim: a call before the shim is in place, through the vsyscall page, or of another
// architecture. What the shim models or passes is allowed, since the shim itself needs it.
#pragma once

namespace detsim {

/// Puts the wall around the calling process, for good. Returns 0 or an errno.
int install_wall();

}  // namespace detsim
