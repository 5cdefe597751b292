// The target's memory, which may not be there: every access through a pointer of the target goes
// through here, and a fault becomes EFAULT as it would in the kernel.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" std::size_t detsim_user_copy(void* to, const void* from, std::size_t count);

namespace detsim {

inline bool copy_from_user(void* to, const void* from, std::size_t count) {
  return detsim_user_copy(to, from, count) == 0;
}
inline bool copy_to_user(void* to, const void* from, std::size_t count) {
  return detsim_user_copy(to, from, count) == 0;
}
template <typename T>
bool get_user(T& value, const void* from) {
  return copy_from_user(&value, from, sizeof(T));
}
template <typename T>
bool put_user(const T& value, void* to) {
  return copy_to_user(to, &value, sizeof(T));
}

/// Copies a terminated string; returns its length, -EFAULT (14) or -ENAMETOOLONG (36).
inline long copy_text_from_user(char* to, const char* from, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    // Up to the end of the page at a time, since what lies behind it may not be mapped.
    const auto page_rest = 4096 - (reinterpret_cast<std::uintptr_t>(from + done) & 4095);
    const auto count = page_rest < bytes - done ? page_rest : bytes - done;
    if (detsim_user_copy(to + done, from + done, count) != 0) return -14;
    for (std::size_t i = done; i < done + count; ++i) {
      if (to[i] == 0) return static_cast<long>(i);
    }
    done += count;
  }
  return -36;
}

}  // namespace detsim
