// The parts of a report as text.
#pragma once
#include <string>
#include <vector>

#include "launcher/report_facts.hpp"

namespace detsim {

/// `waits for mutex forks+40, held by task 4 "clerk"`; `could run`.
std::string state_words(const TaskFacts& task);

/// `, since 0.000120400 s`, `, until 1.5 s`; empty when there is nothing to say.
std::string time_words(const TaskFacts& task, std::uint64_t now_ns);

/// One frame in at most `columns` characters: `garden::climb(int) at garden.cpp:59`.
std::string frame_words(const StackFrame& frame, std::size_t columns);

/// The stack of a task, a line for each frame; of a deep one its innermost, and how many more.
std::vector<std::string> stack_lines(const TaskFacts& task, std::size_t columns);

/// A path as short as it can be and still be opened from here.
std::string short_path(const std::string& path);

}  // namespace detsim
