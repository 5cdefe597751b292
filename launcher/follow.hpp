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
/// Before the run: the world follows them, whatever strategy it has.
void follow(World& world, const Choices& choices);
/// After it.
void note_misfits(RunResult& result);

}  // namespace detsim
