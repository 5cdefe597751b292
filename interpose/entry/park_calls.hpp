// Calls before a place in the middle of a run: which of them leave nothing behind that a copy of
// the process could not be given of its own.
#pragma once
#include "interpose/entry/frame.hpp"

namespace detsim {

/// Changes to files of the private view, which the launcher puts back, and to pipes of the process,
/// which copies make anew. What is not known to be such is not.
bool can_be_put_back(const Frame& f);

}  // namespace detsim
