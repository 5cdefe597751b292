// detsim's own words: to standard error, a line each, prefixed.
#pragma once
#include <cstdio>
#include <string>

namespace detsim {

/// Prints "detsim: ..." and a line break.
void say(const std::string& words, std::FILE* out = stderr);

}  // namespace detsim
