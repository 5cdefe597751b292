// Real syscalls, issued from the shim's own text (which user dispatch exempts). They return the
// kernel's result: -errno on failure. There is no errno in the shim.
#pragma once
#include <asm/unistd.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace detsim {

template <typename T>
inline long raw_argument(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<long>(value);
  } else {
    return static_cast<long>(value);
  }
}
inline long raw_argument(std::nullptr_t) { return 0; }

inline long raw6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

template <typename A = long, typename B = long, typename C = long, typename D = long,
          typename E = long, typename F = long>
inline long raw(long number, A a = {}, B b = {}, C c = {}, D d = {}, E e = {}, F f = {}) {
  return raw6(number, raw_argument(a), raw_argument(b), raw_argument(c), raw_argument(d),
              raw_argument(e), raw_argument(f));
}

}  // namespace detsim
