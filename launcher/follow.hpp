// Choices on their way: from a trace or a file into the world that is to follow them, and what
// became of them.
#pragma once
#include <memory>
#include <string>

#include "launcher/run.hpp"
#include "launcher/values.hpp"
#include "trace/reader.hpp"

namespace detsim {

/// The choices of the run that the trace is of; nullptr: `problem` says why it cannot be had.
std::shared_ptr<const Choices> choices_of(const TraceReader& trace, std::string& problem);

struct ChoicesFile {
  std::string path;
  std::shared_ptr<const Choices> choices;
};
/// A list of choices, or a trace to take them from.
Parsed<ChoicesFile> parse_choices_file(const std::string& path);

/// Whether the world has room for them; `problem` says in one line if not.
bool can_follow(const Choices& choices, std::string& problem);
/// Before the run: what its strategy is.
void follow(StrategyState& strategy, const Choices& choices);
/// The world stands in the middle of a run that has followed the same choices so far: it follows
/// the rest of these now.
void follow_on(const Choices& choices);
/// After the plan was compiled: what strikes is what is listed, if the choices list strikes.
void follow_strikes(FaultState& faults, const Choices& choices);
/// After it; result.faults must be there.
void note_misfits(const FaultState& faults, RunResult& result);
/// What of the plan struck in the run: nothing is listed when there are too many, or no plan.
void list_strikes(const FaultOutcome& faults, Choices& choices);

}  // namespace detsim
