// What went wrong in a run, in terms that are the same for runs that failed in the same way.
#pragma once
#include <optional>
#include <string>

#include "launcher/report_facts.hpp"
#include "launcher/run.hpp"

namespace detsim {

struct Failure {
  std::string kind;     // exit, signal, sanitizer, deadlock, limit, property, detsim
  std::string message;  // one line for people
  /// Kind, message and top frames without what differs from run to run: numbers, addresses.
  std::string signature;
};

/// std::nullopt: the run passed. `text` is what it wrote to standard
/// error, or to standard output if nothing or tells_of_assertion(); `facts` what was
/// found when detsim stopped it, if it did; `crash` where it crashed.
std::optional<Failure> judge(const RunResult& result, const std::string& text,
                             const std::optional<StopFacts>& facts,
                             const std::optional<CrashFacts>& crash = std::nullopt);

/// Whether this is the output of a program made with a test framework that names what failed
/// (assertion.hpp): it tells more than standard error.
bool tells_of_assertion(const std::string& output);

/// Numbers and addresses replaced, except line numbers in `file:line`.
std::string normalised(const std::string& text);

/// A rate and where it lies with 95 % confidence (Wilson's score interval).
struct Rate {
  double rate = 0, low = 0, high = 0;
};
Rate rate_of(std::uint64_t failed, std::uint64_t runs);

}  // namespace detsim
