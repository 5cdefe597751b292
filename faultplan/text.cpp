#include "faultplan/text.hpp"

namespace detsim {
namespace {

// The pieces of a path are matched recursively at the stars: patterns are short, and written by
// whoever waits for the run.
constexpr unsigned kDepthMax = 64;

bool in_set(const char*& pattern, char c) {  // behind '['; moves behind ']'
  const bool negated = *pattern == '!' || *pattern == '^';
  if (negated) ++pattern;
  bool found = false;
  for (bool first = true; *pattern != 0 && (first || *pattern != ']'); first = false) {
    const char low = *pattern++;
    char high = low;
    if (pattern[0] == '-' && pattern[1] != 0 && pattern[1] != ']') {
      high = pattern[1];
      pattern += 2;
    }
    if (low <= c && c <= high) found = true;
  }
  if (*pattern == ']') ++pattern;
  return found != negated;
}

bool match(const char* pattern, const char* path, unsigned depth);

// `pattern` is behind the star(s).
bool match_star(const char* pattern, const char* path, bool crosses, unsigned depth) {
  for (;; ++path) {
    if (match(pattern, path, depth)) return true;
    if (*path == 0 || (*path == '/' && !crosses)) return false;
  }
}

// `pattern` is behind '{'. Each alternative is tried with what follows the closing brace.
bool match_alternatives(const char* pattern, const char* path, unsigned depth) {
  const char* end = pattern;
  while (*end != 0 && *end != '}') ++end;
  const char* rest = *end == '}' ? end + 1 : end;
  for (const char* at = pattern; at <= end; ++at) {
    const char* text = path;
    while (at < end && *at != ',' && *at == *text) ++at, ++text;
    if ((at == end || *at == ',') && match(rest, text, depth)) return true;
    while (at < end && *at != ',') ++at;
  }
  return false;
}

bool match(const char* pattern, const char* path, unsigned depth) {
  if (depth == kDepthMax) return false;
  for (;;) {
    switch (*pattern) {
      case 0: return *path == 0;
      case '*':
        if (pattern[1] == '*') {
          if (pattern[2] == '/' && match(pattern + 3, path, depth + 1)) return true;
          return match_star(pattern + 2, path, true, depth + 1);
        }
        return match_star(pattern + 1, path, false, depth + 1);
      case '{': return match_alternatives(pattern + 1, path, depth + 1);
      case '?':
        if (*path == 0 || *path == '/') return false;
        ++pattern, ++path;
        break;
      case '[':
        if (*path == 0 || *path == '/') return false;
        ++pattern;
        if (!in_set(pattern, *path)) return false;
        ++path;
        break;
      default:
        if (*pattern != *path) return false;
        ++pattern, ++path;
    }
  }
}

}  // namespace

bool matches_path(const char* pattern, const char* path) {
  if (match(pattern, path, 0)) return true;
  if (pattern[0] == '/') return false;
  for (; *path != 0; ++path) {
    if (*path == '/' && match(pattern, path + 1, 0)) return true;
  }
  return false;
}

bool matches_name(const char* pattern, const char* name) {
  if (*pattern == 0) return *name == 0;
  if (*pattern == '*') {
    for (;; ++name) {
      if (matches_name(pattern + 1, name)) return true;
      if (*name == 0) return false;
    }
  }
  return *name != 0 && (*pattern == '?' || *pattern == *name) &&
         matches_name(pattern + 1, name + 1);
}

}  // namespace detsim
