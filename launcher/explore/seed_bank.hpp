// The seeds that once failed, in a text file that belongs in version control: one JSON object per
// line, so that two branches that add one each can be merged.
#pragma once
#include <string>
#include <vector>

#include "launcher/explore/failure_directory.hpp"

namespace detsim {

constexpr const char* kBankDefault = "detsim.seeds";

struct BankedSeed {
  RunOptions run;  // with choices, if it was kept with some
  std::string signature, message, date, note;
};

/// False: `problem` names the line. A file that does not exist is an empty bank.
bool read_bank(const std::string& path, std::vector<BankedSeed>& bank, std::string& problem);
/// One line of it. Returns what is wrong with it; "": nothing.
std::string parse_bank_line(const std::string& line, BankedSeed& seed);
bool write_bank(const std::string& path, const std::vector<BankedSeed>& bank);

/// With the reduced choices if `bisect` has made some.
BankedSeed banked(const KeptFailure& failure, const std::string& note);
/// One line for people, with its number, from 1.
std::string words_of(const BankedSeed& seed, std::size_t number);

/// Leaves out what this machine cannot have of a run's own directories.
void fit_to_machine(RunOptions& run);

/// no_longer_applies: the run passes, and its choices do not fit it any more: whether what it
/// found is gone cannot be told.
enum class Verdict { fixed, still_fails, fails_differently, no_longer_applies, cannot_run };
/// Runs it. `words` is what it came to, in one line.
Verdict test_seed(Runner& runner, const BankedSeed& seed, std::string& words);

}  // namespace detsim
