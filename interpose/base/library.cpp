// What the compiler expects to exist (memcpy and the like), and the end of the road. The shim is
// linked without libc and with every symbol resolved, so that a call to libc is a link error.
#include "interpose/base/library.hpp"

#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "scheduler/invariant.hpp"

extern "C" {

void* memcpy(void* to, const void* from, std::size_t count) {
  void* start = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
  return start;
}

void* memset(void* to, int value, std::size_t count) {
  void* start = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
  return start;
}

void* memmove(void* to, const void* from, std::size_t count) {
  auto* target = static_cast<char*>(to);
  const auto* source = static_cast<const char*>(from);
  if (target <= source || target >= source + count) return memcpy(to, from, count);
  while (count-- > 0) {
    target[count] = source[count];
    __asm__ volatile("" ::: "memory");  // keeps the compiler from making this a memmove
  }
  return to;
}

int memcmp(const void* left, const void* right, std::size_t count) {
  const auto* a = static_cast<const unsigned char*>(left);
  const auto* b = static_cast<const unsigned char*>(right);
  for (std::size_t i = 0; i < count; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

std::size_t strlen(const char* text) {
  std::size_t length = 0;
  while (text[length] != 0) {
    ++length;
    __asm__ volatile("" ::: "memory");
  }
  return length;
}

/// Boost.Context calls it when a fiber's function returns, which none ever does.
[[noreturn]] void _exit(int) { detsim::fatal("a fiber returned"); }

}  // extern "C"

namespace detsim {

void invariant_broken(const char* what, const char* file, int line) {
  fatal("broken invariant: ", what, " (", file, ":", line, ")");
}

}  // namespace detsim
