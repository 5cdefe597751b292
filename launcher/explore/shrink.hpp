// Makes a failing run simple: the shortest list of choices, in place of all that its strategy
// took, under which it still fails in the same way. Each step is a run.
//
// Fewest faults first, then fewest switches, then the smallest values.
//
// Delta debugging (Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", TSE
// 2002) over the list of deviations: later ones first, since taking one out renumbers the
// decisions behind it; and once more with those behind moved to make up for that.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "launcher/explore/failure_directory.hpp"

namespace detsim {

class Shrinker {
 public:
  Shrinker(Runner& runner, const KeptFailure& failure, unsigned runs_max);

  /// Whether the failure shows when its choices are followed; then choices() is that run's.
  bool reproduces();
  /// Shortens choices() as far as it goes. `step` is told of every improvement.
  void shrink(const std::function<void(const Choices&)>& step);
  /// The last switch of choices() without which the run passes; std::nullopt: there is none.
  std::optional<Choice> critical_switch();

  const Choices& choices() const { return best_; }
  unsigned runs() const { return runs_; }
  /// One run that follows these choices.
  KeptRun run(const Choices& choices);

 private:
  bool fails(const Choices& choices);
  bool take_out_strikes();
  bool take_out_strike_and_move();
  void make_strikes_plain();
  void branch_along(const Choices& choices, std::uint64_t decisions);
  bool take_out_parts();
  bool take_out_and_move();
  bool try_one_switch();

  Runner& runner_;
  const KeptFailure& failure_;
  const unsigned runs_max_;
  unsigned runs_ = 0;
  Choices best_;
  std::map<std::string, bool> known_;
};

inline std::size_t size_of(const Choices& choices) {
  return choices.switches.size() + choices.wakes.size();
}
/// The same schedule with other strikes, or the same strikes with no schedule.
Choices with_strikes(Choices choices, std::vector<StrikeChoice> strikes);
Choices strikes_of(const Choices& choices);
/// Without the entries [from, from + count), counted through switches and then wakes.
Choices without(const Choices& choices, std::size_t from, std::size_t count);

}  // namespace detsim
