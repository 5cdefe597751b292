#include "trace/choices.hpp"

#include <sstream>

namespace detsim {
namespace {

constexpr const char* kHead = "detsim choices 1";

std::string line_error(std::uint64_t line, const std::string& words) {
  return "line " + std::to_string(line) + ": " + words;
}

bool add(std::vector<Choice>& list, const Choice& choice) {
  if (!list.empty() && list.back().number >= choice.number) return false;
  list.push_back(choice);
  return true;
}

}  // namespace

void ChoiceCollector::take(const Event& event) {
  if (event.kind == EventKind::wake) {
    if (event.result != 0) choices_.wakes.push_back({wake_number_, event.result});
    ++wake_number_;
  }
  if (event.kind != EventKind::decision) return;
  const auto number = choices_.decisions++;
  const bool stays = event.result == event.tid;
  if (!stays || stays_ >= kStaysMax) choices_.switches.push_back({number, event.result});
  stays_ = stays ? stays_ + 1 : 0;
}

std::string to_text(const Choices& choices) {
  std::string text = std::string(kHead) + "\n";
  text += "decisions " + std::to_string(choices.decisions) + "\n";
  const auto append = [&text](const char* name, const std::vector<Choice>& list) {
    for (const auto& choice : list) {
      text += std::string(name) + " " + std::to_string(choice.number) + " " +
              std::to_string(choice.value) + "\n";
    }
  };
  append("switch", choices.switches);
  append("wake", choices.wakes);
  return text;
}

bool from_text(const std::string& text, Choices& choices, std::string& error) {
  choices = {};
  std::istringstream in(text);
  std::string line;
  if (!std::getline(in, line) || line != kHead) {
    error = line_error(1, std::string("a list of choices begins with '") + kHead + "'");
    return false;
  }
  for (std::uint64_t number = 2; std::getline(in, line); ++number) {
    std::istringstream words(line);
    std::string name, rest;
    Choice choice;
    words >> name >> choice.number;
    const bool counts = name == "decisions";
    if (!counts) words >> choice.value;
    if (words.fail() || words >> rest || (!counts && name != "switch" && name != "wake")) {
      error = line_error(number, "'" + line + "' is no choice");
      return false;
    }
    if (counts) {
      choices.decisions = choice.number;
    } else if (!add(name == "switch" ? choices.switches : choices.wakes, choice)) {
      error = line_error(number, "the numbers must ascend");
      return false;
    }
  }
  return true;
}

}  // namespace detsim
