// What execve leaves on the new image's stack, and detsim's own part of its environment. Shared
// by the launcher, which starts the first image, and by the shim, which answers the target's
// execve: freestanding, without allocation.
//
// Without randomisation the kernel puts everything at addresses that depend on how much it puts
// there: the path (AT_EXECFN), the strings of both lists, and the two arrays of pointers. Padded
// to a multiple of kStackGrain, the sum, and with it the stack pointer and the arguments, stand
// at the same address whatever the size of the environment. The padding comes last in the list,
// which the kernel copies from the end: right behind the path, above everything else.
#pragma once
#include <cstddef>
#include <cstdint>

namespace detsim {

/// Variables of detsim's own, taken out of the environment before any other code sees it. The
/// pad variable may stand there more than once.
constexpr const char kWorldVariable[] = "DETSIM_WORLD=";  // its descriptor
constexpr const char kPadVariable[] = "DETSIM_PAD=";
constexpr const char kPreloadVariable[] = "LD_PRELOAD=";

constexpr std::size_t kStackGrain = 16 << 10;
constexpr std::size_t kStringsGrain = 128;

/// Everything execve is given but the padding.
struct StackUse {
  std::size_t strings = 0;  // arguments and variables
  std::size_t bytes = 0;    // of these strings and the path, with their terminators

  constexpr void add_path(std::size_t length) { bytes += length + 1; }
  constexpr void add_string(std::size_t length) {
    ++strings;
    bytes += length + 1;
  }
};

/// The variables to add at the end of the environment: `empty` times "DETSIM_PAD=", then
/// "DETSIM_PAD=" followed by `fill` characters.
struct Padding {
  std::size_t empty = 0;
  std::size_t fill = 0;
};

constexpr Padding padding_of(const StackUse& use) {
  constexpr std::size_t kEmptyPad = sizeof kPadVariable;  // with its terminator
  // What stands between the strings and the pointers (AT_RANDOM's bytes) moves with the number of
  // pointers: that is evened out too. It is also even, as the kernel's alignment to 16 bytes asks.
  const std::size_t empty = kStringsGrain - 1 - use.strings % kStringsGrain;
  const std::size_t strings = use.strings + empty + 1;
  const std::size_t bytes = use.bytes + (empty + 1) * kEmptyPad + strings * sizeof(char*);
  return {.empty = empty, .fill = (kStackGrain - bytes % kStackGrain) % kStackGrain};
}

/// Whether a library must come first in LD_PRELOAD, even before the shim: the shared runtimes of
/// gcc's and clang's sanitizers refuse or fail to work otherwise. `name` may be a path.
constexpr bool must_come_first(const char* name) {
  const char* base = name;
  for (const char* c = name; *c != 0; ++c) {
    if (*c == '/') base = c + 1;
  }
  constexpr const char* kRuntimes[] = {"libasan.so",       "liblsan.so",        "libtsan.so",
                                       "libhwasan.so",     "libclang_rt.asan",  "libclang_rt.lsan",
                                       "libclang_rt.tsan", "libclang_rt.hwasan"};
  for (const char* runtime : kRuntimes) {
    std::size_t i = 0;
    while (runtime[i] != 0 && runtime[i] == base[i]) ++i;
    if (runtime[i] == 0) return true;
  }
  return false;
}

/// The new image's LD_PRELOAD is [runtime ':'] library [':' users_own]: the target's own list is
/// there whole, so that detsim's part is everything up to the library and its colon. Takes that
/// part out of `value` (what stands behind "LD_PRELOAD=") in place. False when the target had no
/// such variable. A value without the library stays as it is.
constexpr bool take_out_own_preload(char* value, const char* library) {
  std::size_t length = 0;
  while (library[length] != 0) ++length;
  for (char* entry = value;;) {
    std::size_t i = 0;
    while (i < length && entry[i] == library[i]) ++i;
    if (i == length && (entry[i] == ':' || entry[i] == 0)) {
      if (entry[i] == 0) return false;
      const char* rest = entry + i + 1;
      while ((*value++ = *rest++) != 0) {
      }
      return true;
    }
    while (*entry != ':' && *entry != 0) ++entry;
    if (*entry == 0) return true;
    ++entry;
  }
}

}  // namespace detsim
