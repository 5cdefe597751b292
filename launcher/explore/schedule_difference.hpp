// Two runs of one program, one that passes and one that fails: which of the choices in which they
// differ make the failure.
//
// Delta debugging over the difference (Choi, Zeller, "Isolating failure-inducing thread schedules",
// ISSTA 2002): a run follows the choices of the passing one, but for some places where it follows
// the failing one. First the shortest beginning of the difference that fails is looked for by
// halving, then places are taken out of it, later ones first.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "launcher/explore/one_run.hpp"

namespace detsim {

/// A place where the two lists differ: what each of them has there, if anything.
struct Difference {
  enum class Kind { switched, woken, struck } kind = Kind::switched;
  std::uint64_t number = 0;
  std::optional<Choice> good = {}, bad = {};
  std::optional<StrikeChoice> good_strike = {}, bad_strike = {};
};

std::vector<Difference> difference_of(const Choices& good, const Choices& bad);
/// The choices of `good`, but for these places.
Choices with_differences(const Choices& good, const std::vector<Difference>& places);

struct ScheduleComparison {
  std::string problem;             // not empty: it could not be done, and this is why
  Choices good, bad;               // of the two runs
  std::size_t differences = 0;     // of them
  std::vector<Difference> needed;  // those that matter
  Choices choices;                 // that fail
  Failure failure;
  unsigned runs = 0;
};

/// `bad` has the seed that fails; its data is every run's. Only who runs when, who is woken and
/// what strikes are mixed.
ScheduleComparison compare_schedules(Runner& runner, const RunOptions& good, const RunOptions& bad,
                                     unsigned runs_max);

}  // namespace detsim
