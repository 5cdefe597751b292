// Judges the file that execve is asked for, before the old image is given up: whether the shim
// would come along into the new one. What would run outside of the world is refused, and said.
#pragma once
#include "interpose/base/elf_inspect.hpp"

namespace detsim {

struct Verdict {
  bool refused = false;  // the launcher was told why; execve answers EACCES
  // Its mode asks for other rights, though they are those that the process has.
  bool asks_for_rights = false;
  char runtime[sizeof Inspection::runtime] = {};  // must come before the shim; empty: nothing
};

/// As execveat(2) names it; `path` is in the shim's own memory. Errors that the kernel would find
/// by itself (no such file, not executable, not a program) are left to the kernel.
Verdict judge_image(int directory, const char* path, int flags);

}  // namespace detsim
