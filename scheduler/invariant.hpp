// Broken invariants abort with a message, in release builds too. The core knows no way to print
// or to abort: whoever embeds it (the shim, the launcher, a unit test) defines the function.
#pragma once

namespace detsim {

[[noreturn]] void invariant_broken(const char* what, const char* file, int line);

}  // namespace detsim

#define DETSIM_INVARIANT(condition)                               \
  do {                                                            \
    if (!(condition)) [[unlikely]]                                \
      ::detsim::invariant_broken(#condition, __FILE__, __LINE__); \
  } while (false)
