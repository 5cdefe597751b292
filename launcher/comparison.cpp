#include "launcher/comparison.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "launcher/report.hpp"
#include "trace/diff.hpp"

namespace detsim {
namespace {

// A run under load is slower, but not without end: one that has not ended by then hangs.
constexpr std::uint64_t kSlower = 50;
constexpr std::uint64_t kPatience_ns = 20'000'000'000;

std::uint64_t now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace

Comparison::Comparison(const RunOptions& options)
    : options_(options), scratch_(problem_), input_(scratch_.path()), outputs_(scratch_.path()) {}

ComparedRun Comparison::run() {
  ComparedRun run;
  run.number = runs_++;
  run.conditions = conditions_of(run.number);
  run.trace_path = scratch_.file(fmt::format("{}.trace", run.number));
  auto options = options_;
  options.trace_path = run.trace_path;
  if (run.number > 0) {
    // One event more than the first run had is a difference already.
    options.stop_at = first_.result.events;
    options.look = [](World&, Outcome) {};
    if (options.wall_limit_ns == kNever) options.wall_limit_ns = own_limit_ns();
    options.announcement.clear();
  }
  const auto [output, error] = outputs_.begin();
  options.standard_output = output;
  options.standard_error = error;
  const auto began = now_ns();
  run.result = run_under(run.conditions, std::move(options));
  run.wall_ns = now_ns() - began;
  run.output = outputs_.end();
  if (run.number == 0) first_ = run;
  if (run.number > 0 && is_same(run)) unlink(run.trace_path.c_str());
  return run;
}

bool Comparison::is_same(const ComparedRun& run) const {
  const auto& a = first_.result;
  const auto& b = run.result;
  return a.trace_hash == b.trace_hash && a.events == b.events && a.outcome == b.outcome &&
         a.status == b.status;
}

std::uint64_t Comparison::own_limit_ns() const { return kPatience_ns + kSlower * first_.wall_ns; }

Revisit Comparison::revisit(const ComparedRun& run, std::uint64_t event) {
  Revisit revisit;
  auto options = options_;
  options.stop_at = event;
  options.trace_path = scratch_.file("revisit.trace");
  options.announcement.clear();
  if (options.wall_limit_ns == kNever) options.wall_limit_ns = own_limit_ns();
  options.look = [&revisit](World& world, Outcome outcome) {
    if (outcome == Outcome::stopped) revisit.stacks = report_current(world, outcome);
  };
  const auto [output, error] = outputs_.begin(false);
  options.standard_output = output;
  options.standard_error = error;
  run_under(run.conditions, std::move(options));
  outputs_.end();
  std::string ignored;
  const auto now = TraceReader::open(scratch_.file("revisit.trace"), ignored);
  const auto then = TraceReader::open(run.trace_path, ignored);
  if (now != nullptr && then != nullptr && now->count() > event) {
    revisit.is_same = first_difference(*now, *then).value_or(event + 1) > event;
  }
  return revisit;
}

RunResult Comparison::run_under(const Conditions& conditions, RunOptions options) {
  RunResult refused;
  refused.refused = kExitFailed;
  options.standard_input = input_.begin(refused.problem);
  if (options.standard_input < 0) return refused;
  RunResult result;
  {
    const Surroundings surroundings(conditions, scratch_.path());
    options.environment_pad = conditions.environment_pad;
    options.core = conditions.core;
    options.start_directory = surroundings.start_directory();
    result = run_target(options);
  }
  input_.end();
  if (!input_.problem().empty() && result.refused == 0) {
    result.refused = kExitFailed;
    result.problem = input_.problem();
  }
  return result;
}

std::string Comparison::losses() const {
  auto text = outputs_.loss();
  if (!first_.result.trace_loss.empty()) {
    text += (text.empty() ? "" : "\n") + first_.result.trace_loss;
  }
  return text;
}

}  // namespace detsim
