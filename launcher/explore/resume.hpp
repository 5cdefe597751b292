// Going on with an exploration that was interrupted, from the directory that it left: what decides
// its runs is taken from there, runs that were written down are not done again, and what comes of
// it is what would have come of it without the interruption.
#pragma once
#include <string>

#include "launcher/explore/explorer.hpp"

namespace detsim {

/// `options` are those of the command line, `defaults` what they are when nothing is asked for.
/// What was asked for must be as it was then; the rest of `options` is filled in. Empty: done; else
/// why it cannot go on.
std::string resume(const std::string& directory, const ExploreOptions& defaults,
                   ExploreOptions& options);

/// Whether the run of this seed is done already.
bool is_done(const ExploreOptions& options, std::uint64_t seed);

}  // namespace detsim
