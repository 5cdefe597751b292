// Parameters of faults that are a choice: their words begin with "one|other: ", and their value
// says which, counted from 0.
#pragma once
#include <string>
#include <vector>

#include "faultplan/catalogue.hpp"

namespace detsim {

/// What there is to choose from; nothing: it is no choice.
std::vector<std::string> choices_of(const FaultParameter& parameter);

}  // namespace detsim
