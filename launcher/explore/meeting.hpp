// A context switch in words: who could have gone on and went not, who went instead, where both
// stood in their sources, and what they were about to do to what.
#pragma once
#include <string>

#include "launcher/explore/one_run.hpp"

namespace detsim {

/// Does the run that follows `choices` once more, up to the switch. Never empty.
std::string words_of_switch(Runner& runner, RunOptions options, const Choices& choices,
                            const Choice& which);

}  // namespace detsim
