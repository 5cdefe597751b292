#include "launcher/explore/shrink.hpp"

#include <algorithm>
#include <set>

namespace detsim {
namespace {

constexpr std::uint64_t kWallLimit_ns = 20ull * 1000000000;
constexpr std::size_t kSwitchesWanted = 2;
constexpr std::int64_t kMovesMax = 4;  // decisions

}  // namespace

Choices with_strikes(Choices choices, std::vector<StrikeChoice> strikes) {
  choices.strikes = std::move(strikes);
  return choices;
}

Choices strikes_of(const Choices& choices) {
  Choices rest;
  rest.lists_strikes = choices.lists_strikes;
  rest.strikes = choices.strikes;
  return rest;
}

Choices without(const Choices& choices, std::size_t from, std::size_t count) {
  auto rest = strikes_of(choices);
  const auto switches = choices.switches.size();
  for (std::size_t i = 0; i < size_of(choices); ++i) {
    if (i >= from && i < from + count) continue;
    if (i < switches) {
      rest.switches.push_back(choices.switches[i]);
    } else {
      rest.wakes.push_back(choices.wakes[i - switches]);
    }
  }
  return rest;
}

Shrinker::Shrinker(Runner& runner, const KeptFailure& failure, unsigned runs_max)
    : runner_(runner), failure_(failure), runs_max_(runs_max) {}

KeptRun Shrinker::run(const Choices& choices) {
  auto options = failure_.run;
  options.choices = std::make_shared<Choices>(choices);
  options.wall_limit_ns = kWallLimit_ns;
  options.quiet = true;
  ++runs_;
  return runner_.run(options);
}

// What will be tried next begins as this run.
void Shrinker::branch_along(const Choices& choices, std::uint64_t decisions) {
  auto options = failure_.run;
  options.choices = std::make_shared<Choices>(choices);
  options.wall_limit_ns = kWallLimit_ns;
  options.quiet = true;
  runner_.branch_along(options, decisions);
}

// What had an effect is the list from here on: the same run, without what did not fit.
bool Shrinker::fails(const Choices& choices) {
  auto key = to_text(choices);
  if (const auto found = known_.find(key); found != known_.end() && !found->second) return false;
  if (runs_ >= runs_max_) return false;
  const auto run = this->run(choices);
  const bool same = run.failure && run.failure->kind == failure_.kind &&
                    run.failure->signature == failure_.signature;
  known_[std::move(key)] = same;
  if (!same) return false;
  best_ = run.result.followed;
  branch_along(best_, run.result.decisions);
  return true;
}

bool Shrinker::reproduces() { return fails(*failure_.run.choices); }

// Strikes do not depend on each other's draws, so what remains strikes where it did.
bool Shrinker::take_out_strikes() {
  const auto before = best_.strikes.size();
  for (auto part = before; part > 0; part = std::min(part / 2, best_.strikes.size())) {
    for (auto end = best_.strikes.size(); end > 0;) {
      const auto from = end > part ? end - part : 0;
      auto strikes = best_.strikes;
      strikes.erase(strikes.begin() + static_cast<std::ptrdiff_t>(from),
                    strikes.begin() + static_cast<std::ptrdiff_t>(end));
      fails(with_strikes(best_, std::move(strikes)));
      end = std::min(from, best_.strikes.size());
    }
    if (part == 1) break;
  }
  return best_.strikes.size() < before;
}

// A strike that interrupts or delays changes the numbers of the decisions behind it.
bool Shrinker::take_out_strike_and_move() {
  for (std::size_t i = best_.strikes.size(); i-- > 0;) {
    for (std::int64_t move = -kMovesMax; move <= kMovesMax; ++move) {
      auto moved = best_;
      moved.strikes.erase(moved.strikes.begin() + static_cast<std::ptrdiff_t>(i));
      if (moved.switches.empty() || moved.switches[0].number < std::uint64_t{kMovesMax}) break;
      for (auto& choice : moved.switches) choice.number += static_cast<std::uint64_t>(move);
      if (fails(moved)) return true;
    }
  }
  return false;
}

void Shrinker::make_strikes_plain() {
  for (std::size_t i = 0; i < best_.strikes.size(); ++i) {
    const auto kept = best_;
    auto plain = best_;
    plain.strikes[i].plain = true;
    if (fails(plain) &&
        (best_.strikes.size() > kept.strikes.size() || size_of(best_) > size_of(kept))) {
      best_ = kept;
    }
  }
}

bool Shrinker::take_out_parts() {
  bool shortened = false;
  for (auto part = size_of(best_); part > 0; part = std::min(part / 2, size_of(best_))) {
    for (auto end = size_of(best_); end > 0;) {
      const auto from = end > part ? end - part : 0;
      const auto before = size_of(best_);
      if (fails(without(best_, from, end - from)) && size_of(best_) < before) {
        shortened = true;
        end = std::min(from, size_of(best_));
      } else {
        end = from;
      }
    }
    if (part == 1) break;
  }
  return shortened;
}

// A decision more or less changes the numbers of those behind it.
bool Shrinker::take_out_and_move() {
  for (std::size_t i = best_.switches.size(); i-- > 0;) {
    for (std::int64_t move = -kMovesMax; move <= kMovesMax; ++move) {
      if (move == 0 || i + 1 == best_.switches.size()) continue;
      auto moved = without(best_, i, 1);
      std::uint64_t last = i == 0 ? 0 : moved.switches[i - 1].number + 1;
      for (auto at = i; at < moved.switches.size(); ++at) {
        auto& number = moved.switches[at].number;
        const auto wanted = static_cast<std::int64_t>(number) + move;
        number = std::max(wanted < 0 ? 0 : static_cast<std::uint64_t>(wanted), last);
        last = number + 1;
      }
      const auto before = size_of(best_);
      const auto kept = best_;
      if (fails(moved) && size_of(best_) < before) return true;
      if (size_of(best_) >= before) best_ = kept;
    }
  }
  return false;
}

// Few bugs need more than two switches; one can be looked for everywhere.
bool Shrinker::try_one_switch() {
  std::set<std::int64_t> tids;
  for (const auto& choice : failure_.run.choices->switches) tids.insert(choice.value);
  const auto kept = best_;
  const auto plain = run(strikes_of(best_));
  branch_along(strikes_of(best_), plain.result.decisions);
  for (std::uint64_t number = 0; number < plain.result.decisions; ++number) {
    for (const auto tid : tids) {
      auto one = strikes_of(kept);
      one.switches = {{number, tid}};
      if (fails(one) && size_of(best_) < size_of(kept)) return true;
      if (runs_ >= runs_max_) return false;
    }
  }
  return false;
}

void Shrinker::shrink(const std::function<void(const Choices&)>& step) {
  Choices nothing;
  nothing.lists_strikes = best_.lists_strikes;
  if (fails(nothing)) return step(best_);
  if (take_out_strikes()) step(best_);
  // What faults do is rarely a matter of the schedule; then all of that is superfluous at once.
  if (!best_.strikes.empty() && fails(strikes_of(best_))) step(best_);
  for (bool shortened = true; shortened && runs_ < runs_max_;) {
    shortened = take_out_parts();
    if (shortened) step(best_);
    if (!shortened && take_out_and_move()) {
      shortened = true;
      step(best_);
    }
  }
  if (size_of(best_) > kSwitchesWanted && try_one_switch()) step(best_);
  while (take_out_strikes() || take_out_strike_and_move()) step(best_);
  make_strikes_plain();
}

std::optional<Choice> Shrinker::critical_switch() {
  for (std::size_t i = best_.switches.size(); i-- > 0;) {
    const auto other = run(without(best_, i, 1));
    if (other.result.refused == 0 && !other.failure) return best_.switches[i];
  }
  return std::nullopt;
}

}  // namespace detsim
