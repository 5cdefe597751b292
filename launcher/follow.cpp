#include "launcher/follow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "launcher/whole_file.hpp"

namespace detsim {
namespace {

ChoiceList& list_of_world() { return *reinterpret_cast<ChoiceList*>(kWorldChoices); }

std::uint32_t replay_strategy() {
  std::uint32_t index = 0;
  while (!strategies()[index].follows_choices) ++index;
  return index;
}

}  // namespace

std::shared_ptr<const Choices> choices_of(const TraceReader& trace, std::string& problem) {
  if (trace.version() < 2) {
    problem = fmt::format("{} is too old: version {} does not tell all choices", trace.path(),
                          trace.version());
    return nullptr;
  }
  if (trace.lost() > 0) {
    problem = fmt::format("{} is not complete: {} events are missing", trace.path(), trace.lost());
    return nullptr;
  }
  ChoiceCollector collector;
  for (std::uint64_t i = 0; i < trace.count(); ++i) collector.take(trace.event(i));
  return std::make_shared<Choices>(collector.choices());
}

Parsed<ChoicesFile> parse_choices_file(const std::string& path) {
  Parsed<ChoicesFile> parsed;
  parsed.value.path = path;
  const auto bytes = whole_file(path);
  if (!bytes) {
    parsed.problem = fmt::format("cannot read '{}': {}", path, std::strerror(errno));
    return parsed;
  }
  const auto& text = *bytes;
  if (text.starts_with(std::string_view(kTraceMagic, sizeof kTraceMagic))) {
    const auto trace = TraceReader::open(path, parsed.problem);
    if (trace != nullptr && trace->verify(parsed.problem)) {
      parsed.value.choices = choices_of(*trace, parsed.problem);
    }
    return parsed;
  }
  Choices choices;
  if (from_text(text, choices, parsed.problem)) {
    parsed.value.choices = std::make_shared<Choices>(std::move(choices));
  } else {
    parsed.problem = fmt::format("'{}', {}", path, parsed.problem);
  }
  return parsed;
}

bool can_follow(const Choices& choices, std::string& problem) {
  if (choices.switches.size() <= kSwitchesMax && choices.wakes.size() <= kWakeChoicesMax &&
      choices.strikes.size() <= kStrikesMax) {
    return true;
  }
  problem =
      fmt::format("{} choices are too many to follow: at most {} switches, {} wake-ups, {} strikes",
                  choices.switches.size() + choices.wakes.size() + choices.strikes.size(),
                  kSwitchesMax, kWakeChoicesMax, kStrikesMax);
  return false;
}

void follow(StrategyState& strategy, const Choices& choices) {
  auto& list = list_of_world();
  list.switch_count = choices.switches.size();
  list.wake_count = choices.wakes.size();
  std::copy(choices.switches.begin(), choices.switches.end(), list.switches);
  std::copy(choices.wakes.begin(), choices.wakes.end(), list.wakes);
  strategy.index = replay_strategy();
  strategy.parameter = 0;
  strategy.choices = &list;
}

void follow_on(const Choices& choices) {
  auto& list = list_of_world();
  const auto replace = [](Choice* entries, std::uint64_t next, std::uint64_t& count,
                          const std::vector<Choice>& wanted, std::uint64_t from) {
    count = next;
    for (const auto& choice : wanted) {
      if (choice.number >= from) entries[count++] = choice;
    }
  };
  const auto& scheduler = world().scheduler;
  replace(list.switches, list.next_switch, list.switch_count, choices.switches,
          scheduler.decisions);
  replace(list.wakes, list.next_wake, list.wake_count, choices.wakes, scheduler.wake_draws);
}

void follow_strikes(FaultState& faults, const Choices& choices) {
  if (!choices.lists_strikes) return;
  faults.follows_list = true;
  faults.listed_used = choices.strikes.size();
  std::copy(choices.strikes.begin(), choices.strikes.end(), faults.listed);
  std::sort(faults.listed, faults.listed + faults.listed_used,
            [](const auto& a, const auto& b) { return a.comes_before(b); });
}

void list_strikes(const FaultOutcome& faults, Choices& choices) {
  choices.lists_strikes = !faults.rules.empty() && faults.struck == faults.strikes.size();
  choices.strikes.clear();
  if (!choices.lists_strikes) return;
  for (const auto& strike : faults.strikes) {
    choices.strikes.push_back(
        {.rule = strike.rule, .ancestry = strike.ancestry, .asked = strike.asked});
  }
}

namespace {

// Those that struck, with what of them was listed as plain; and how many did not come.
std::uint64_t note_strikes(const FaultState& faults, RunResult& result) {
  auto& followed = result.followed;
  list_strikes(result.faults, followed);
  if (!faults.follows_list) return 0;
  followed.lists_strikes = true;  // also when the plan has no rules any more
  std::uint64_t left = 0;
  for (std::uint64_t i = 0; i < faults.listed_used; ++i) {
    const auto& listed = faults.listed[i];
    left += listed.met ? 0 : 1;
    if (!listed.plain) continue;
    for (auto& strike : followed.strikes) {
      if (strike.is_same_strike(listed)) strike.plain = listed.plain;
    }
  }
  return left;
}

}  // namespace

void note_misfits(const FaultState& faults, RunResult& result) {
  const auto& list = list_of_world();
  for (std::uint64_t i = 0; i < list.next_switch; ++i) {
    if (list.switches[i].value != kNoEffect) result.followed.switches.push_back(list.switches[i]);
  }
  for (std::uint64_t i = 0; i < list.next_wake; ++i) {
    if (list.wakes[i].value != kNoEffect) result.followed.wakes.push_back(list.wakes[i]);
  }
  result.followed.decisions = world().scheduler.decisions;
  result.misfits = list.misfits;
  result.first_misfit = list.first_misfit;
  // What the run did not come to did not fit either.
  result.misfits += note_strikes(faults, result);
  const auto left = list.switch_count - list.next_switch + list.wake_count - list.next_wake;
  if (left == 0) return;
  if (list.misfits == 0) {
    result.first_misfit = list.next_switch < list.switch_count
                              ? list.switches[list.next_switch].number
                              : list.wakes[list.next_wake].number;
  }
  result.misfits += left;
}

}  // namespace detsim
