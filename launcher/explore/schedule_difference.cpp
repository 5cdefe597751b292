#include "launcher/explore/schedule_difference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/follow.hpp"
#include "launcher/scratch.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kWallLimit_ns = 20ull * 1000000000;

void add_differences(Difference::Kind kind, const std::vector<Choice>& good,
                     const std::vector<Choice>& bad, std::vector<Difference>& all) {
  auto g = good.begin();
  auto b = bad.begin();
  while (g != good.end() || b != bad.end()) {
    Difference place{.kind = kind};
    const bool takes_good = b == bad.end() || (g != good.end() && g->number <= b->number);
    const bool takes_bad = g == good.end() || (b != bad.end() && b->number <= g->number);
    place.number = takes_good ? g->number : b->number;
    if (takes_good) place.good = *g++;
    if (takes_bad) place.bad = *b++;
    if (place.good != place.bad) all.push_back(place);
  }
}

void add_strike_differences(const Choices& good, const Choices& bad, std::vector<Difference>& all) {
  const auto has = [](const Choices& choices, const StrikeChoice& strike) {
    return std::find(choices.strikes.begin(), choices.strikes.end(), strike) !=
           choices.strikes.end();
  };
  for (const auto& strike : good.strikes) {
    if (!has(bad, strike)) {
      all.push_back({.kind = Difference::Kind::struck, .good_strike = strike});
    }
  }
  for (const auto& strike : bad.strikes) {
    if (!has(good, strike)) all.push_back({.kind = Difference::Kind::struck, .bad_strike = strike});
  }
}

void apply(const Difference& place, std::vector<Choice>& list) {
  const auto at = std::find_if(list.begin(), list.end(),
                               [&](const Choice& c) { return c.number >= place.number; });
  if (!place.bad) {
    list.erase(at);
  } else if (place.good) {
    *at = *place.bad;
  } else {
    list.insert(at, *place.bad);
  }
}

class Comparer {
 public:
  Comparer(Runner& runner, const RunOptions& good, const RunOptions& bad, unsigned runs_max)
      : runner_(runner), good_(good), bad_(bad), runs_max_(runs_max) {}

  ScheduleComparison compare() {
    std::optional<Failure> of_good, of_bad;
    if (!record(good_, done_.good, of_good) || !record(bad_, done_.bad, of_bad)) return done_;
    if (of_good) return refuse(good_, "fails too: " + of_good->message);
    if (!of_bad) return refuse(bad_, "passes");
    done_.failure = *of_bad;
    auto all = difference_of(done_.good, done_.bad);
    done_.differences = all.size();
    if (!fails(all)) return refuse(bad_, "passes when its choices are followed");
    if (fails({})) {
      return refuse(bad_, fmt::format("fails with the choices of seed {} as well: what it draws "
                                      "decides, and not who runs when",
                                      good_.seed));
    }
    shortest_beginning(all);
    take_out(all);
    done_.choices = with_differences(done_.good, all);
    done_.needed = std::move(all);
    return done_;
  }

 private:
  ScheduleComparison refuse(const RunOptions& options, const std::string& words) {
    done_.problem = fmt::format("seed {} {}", options.seed, words);
    return done_;
  }

  bool record(RunOptions options, Choices& choices, std::optional<Failure>& failure) {
    const Scratch scratch(done_.problem);
    if (!done_.problem.empty()) return false;
    options.trace_path = scratch.path() + "/trace";
    const auto run = runner_.run(options);
    if (run.result.refused != 0) {
      done_.problem = run.result.problem;
      return false;
    }
    const auto trace = TraceReader::open(options.trace_path, done_.problem);
    const auto list = trace == nullptr ? nullptr : choices_of(*trace, done_.problem);
    if (list == nullptr) return false;
    choices = *list;
    list_strikes(run.result.faults, choices);
    failure = run.failure;
    return true;
  }

  bool fails(const std::vector<Difference>& places) {
    if (done_.runs >= runs_max_) return false;
    ++done_.runs;
    auto options = bad_;
    options.choices = std::make_shared<Choices>(with_differences(done_.good, places));
    options.wall_limit_ns = kWallLimit_ns;
    const auto run = runner_.run(options);
    return run.failure && run.failure->signature == done_.failure.signature;
  }

  // Nothing of it passes, all of it fails; somewhere between one place more makes the difference.
  void shortest_beginning(std::vector<Difference>& all) {
    const auto beginning = [&](std::size_t length) {
      return std::vector(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(length));
    };
    std::size_t passes = 0, fails_at = all.size();
    while (fails_at - passes > 1) {
      const auto middle = passes + (fails_at - passes) / 2;
      (fails(beginning(middle)) ? fails_at : passes) = middle;
    }
    all = beginning(fails_at);
  }

  void take_out(std::vector<Difference>& all) {
    for (auto part = all.size(); part > 0; part = std::min(part / 2, all.size())) {
      for (auto end = all.size(); end > 0;) {
        const auto from = end > part ? end - part : 0;
        auto rest = all;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(from),
                   rest.begin() + static_cast<std::ptrdiff_t>(end));
        if (fails(rest)) all = std::move(rest);
        end = std::min(from, all.size());
      }
      if (part == 1) break;
    }
  }

  Runner& runner_;
  const RunOptions &good_, &bad_;
  const unsigned runs_max_;
  ScheduleComparison done_;
};

}  // namespace

std::vector<Difference> difference_of(const Choices& good, const Choices& bad) {
  std::vector<Difference> all;
  add_strike_differences(good, bad, all);
  add_differences(Difference::Kind::woken, good.wakes, bad.wakes, all);
  add_differences(Difference::Kind::switched, good.switches, bad.switches, all);
  return all;
}

Choices with_differences(const Choices& good, const std::vector<Difference>& places) {
  auto mixed = good;
  for (const auto& place : places) {
    if (place.kind == Difference::Kind::switched) apply(place, mixed.switches);
    if (place.kind == Difference::Kind::woken) apply(place, mixed.wakes);
    if (place.good_strike) std::erase(mixed.strikes, *place.good_strike);
    if (place.bad_strike) mixed.strikes.push_back(*place.bad_strike);
  }
  return mixed;
}

ScheduleComparison compare_schedules(Runner& runner, const RunOptions& good, const RunOptions& bad,
                                     unsigned runs_max) {
  return Comparer(runner, good, bad, runs_max).compare();
}

}  // namespace detsim
