// The choices that a run took, as the list a replay follows (scheduler/replay.hpp), taken from its
// trace; and the text file that such a list is kept in.
#pragma once
#include <string>
#include <vector>

#include "scheduler/replay.hpp"
#include "trace/event.hpp"

namespace detsim {

struct Choices {
  std::vector<Choice> switches;
  std::vector<Choice> wakes;
  /// What of the fault plan struck; without a list the plan decides. A trace does not tell it.
  bool lists_strikes = false;
  std::vector<StrikeChoice> strikes;
  std::uint64_t decisions = 0;  // of the run, listed or not
  friend bool operator==(const Choices&, const Choices&) = default;
};

/// Takes the events of a run in order. A decision for the task that acted is what the policy does
/// by itself, unless it would have moved on by then; every other one is listed, since a trace
/// does not say who else could have run.
class ChoiceCollector {
 public:
  void take(const Event& event);
  const Choices& choices() const { return choices_; }

 private:
  Choices choices_;
  std::uint64_t wake_number_ = 0;
  std::uint32_t stays_ = 0;
};

/// One line per choice, in the order of their numbers: "switch 17 1003", "wake 3 1"; then, if
/// strikes are listed, "strikes 1" and "strike 0 17f3a9 5": rule, ancestry, how often it had asked.
std::string to_text(const Choices& choices);
/// False: `error` says in one line what is wrong, with its line.
bool from_text(const std::string& text, Choices& choices, std::string& error);

}  // namespace detsim
