// The standard input of a run: given, or a stream of keys that follows from the seed.
#pragma once
#include <string>

#include "launcher/suite/suite.hpp"

namespace detsim::suite {

/// False: `problem` says why the file cannot be read.
bool make_input(const Suite& suite, const Input& input, std::uint64_t seed, std::string& text,
                std::string& problem);

}  // namespace detsim::suite
