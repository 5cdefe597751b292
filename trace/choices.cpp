#include "trace/choices.hpp"

#include <sstream>

namespace detsim {
namespace {

constexpr const char* kHead = "detsim choices 1";

std::string line_error(std::uint64_t line, const std::string& words) {
  return "line " + std::to_string(line) + ": " + words;
}

std::string words_of(const StrikeChoice& strike) {
  std::ostringstream text;
  text << "strike " << strike.rule << ' ' << std::hex << strike.ancestry << ' ' << std::dec
       << strike.asked << (strike.plain ? " plain" : "");
  return text.str();
}

// The words behind "strike".
bool read_strike(std::istringstream& words, StrikeChoice& strike) {
  words >> strike.rule >> std::hex >> strike.ancestry >> std::dec >> strike.asked;
  if (words.fail()) return false;
  std::string plain;
  if (!(words >> plain)) return true;
  strike.plain = true;
  return plain == "plain" && !(words >> plain);
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
  if (!choices.lists_strikes) return text;
  text += "strikes " + std::to_string(choices.strikes.size()) + "\n";
  for (const auto& strike : choices.strikes) text += words_of(strike) + "\n";
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
    words >> name;
    if (name == "strike") {
      StrikeChoice strike;
      if (!read_strike(words, strike) || !choices.lists_strikes) {
        error = line_error(number, "'" + line + "' is no strike of a list");
        return false;
      }
      choices.strikes.push_back(strike);
      continue;
    }
    words >> choice.number;
    if (name == "strikes") choices.lists_strikes = true;
    const bool counts = name == "decisions" || name == "strikes";
    if (!counts) words >> choice.value;
    if (words.fail() || words >> rest || (!counts && name != "switch" && name != "wake")) {
      error = line_error(number, "'" + line + "' is no choice");
      return false;
    }
    if (counts) {
      if (name == "decisions") choices.decisions = choice.number;
    } else if (!add(name == "switch" ? choices.switches : choices.wakes, choice)) {
      error = line_error(number, "the numbers must ascend");
      return false;
    }
  }
  return true;
}

}  // namespace detsim
