#include "launcher/say.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "scheduler/invariant.hpp"

namespace detsim {

void say(const std::string& words, std::FILE* out) {
  // One write: the target may be writing to the same place.
  const auto line = fmt::format("detsim: {}\n", words);
  std::fwrite(line.data(), 1, line.size(), out);
  std::fflush(out);
}

void invariant_broken(const char* what, const char* file, int line) {
  say(fmt::format("broken invariant: {} ({}:{}); this is a bug in detsim", what, file, line));
  std::abort();
}

}  // namespace detsim
