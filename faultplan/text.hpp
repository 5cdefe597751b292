// Texts of plans: path patterns and digests, without a C library.
#pragma once
#include <cstdint>

namespace detsim {

/// Whether a path is like a pattern: `?` any one character and `*` any number of them, but no
/// slash; `**` any number with slashes, and `**/` also none; `[a-z]`, `[!a-z]` one of a set;
/// `{a,b}` one of several. A pattern without a slash at its front matches at the end of a path too,
/// behind a slash: "*.log" is "**/*.log".
bool matches_path(const char* pattern, const char* path);
/// The whole text, slashes as anything else: `*` and `?`.
bool matches_name(const char* pattern, const char* name);

constexpr std::uint64_t digest_of_text(const char* text) {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (; *text != 0; ++text) hash = (hash ^ static_cast<unsigned char>(*text)) * 0x100000001b3u;
  return hash;
}

inline void copy_text_to(char* to, const char* from, unsigned bytes) {
  unsigned i = 0;
  for (; i + 1 < bytes && from[i] != 0; ++i) to[i] = from[i];
  to[i] = 0;
}

}  // namespace detsim
