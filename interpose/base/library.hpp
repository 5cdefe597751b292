// The few functions of <cstring> that exist in the shim, and small helpers over them.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" {
void* memcpy(void* to, const void* from, std::size_t count);
void* memset(void* to, int value, std::size_t count);
void* memmove(void* to, const void* from, std::size_t count);
int memcmp(const void* left, const void* right, std::size_t count);
std::size_t strlen(const char* text);
}

namespace detsim {

inline bool equal(const char* a, const char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return *a == *b;
}

inline bool starts_with(const char* text, const char* prefix) {
  while (*prefix != 0) {
    if (*text++ != *prefix++) return false;
  }
  return true;
}

/// Copies with truncation; always terminated.
inline void copy_text(char* to, const char* from, std::size_t bytes) {
  std::size_t i = 0;
  for (; i + 1 < bytes && from[i] != 0; ++i) to[i] = from[i];
  if (bytes > 0) to[i] = 0;
}

/// A text built in place, truncated at its end, without allocation.
template <std::size_t N>
class Text {
 public:
  Text& operator<<(const char* text) {
    while (*text != 0) put(*text++);
    return *this;
  }
  Text& operator<<(char c) { return put(c), *this; }
  Text& operator<<(std::uint64_t value) {
    char digits[20];
    int count = 0;
    do {
      digits[count++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    while (count > 0) put(digits[--count]);
    return *this;
  }
  Text& operator<<(std::int64_t value) {
    if (value < 0) put('-');
    return *this << (value < 0 ? 0 - static_cast<std::uint64_t>(value)
                               : static_cast<std::uint64_t>(value));
  }
  Text& operator<<(int value) { return *this << static_cast<std::int64_t>(value); }
  Text& operator<<(unsigned value) { return *this << static_cast<std::uint64_t>(value); }
  Text& operator<<(long long value) { return *this << static_cast<std::int64_t>(value); }
  Text& operator<<(unsigned long long value) { return *this << static_cast<std::uint64_t>(value); }
  Text& hexadecimal(std::uint64_t value) {
    bool leading = true;
    for (int shift = 60; shift >= 0; shift -= 4) {
      const auto digit = (value >> shift) & 15;
      leading = leading && digit == 0 && shift != 0;
      if (!leading) put("0123456789abcdef"[digit]);
    }
    return *this;
  }
  const char* data() const { return text_; }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0, text_[0] = 0; }

 private:
  void put(char c) {
    if (size_ + 1 >= N) return;
    text_[size_++] = c;
    text_[size_] = 0;
  }
  char text_[N] = {};
  std::size_t size_ = 0;
};

}  // namespace detsim
