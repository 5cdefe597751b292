// What is said of an exploration to programs: docs/exploration.schema.json.
#include <nlohmann/json.hpp>

#include "launcher/explore/explorer.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kSchema = 1;

void put_rate(Json& json, std::uint64_t failed, std::uint64_t runs) {
  const auto rate = rate_of(failed, runs);
  json["rate"] = rate.rate;
  json["rate_low"] = rate.low;
  json["rate_high"] = rate.high;
}

Json summary_of(const Exploration& done) {
  Json json = {{"runs", done.runs},
               {"failed", done.failed},
               {"distinct_schedules", done.schedules.distinct()},
               {"distinct_outcomes", done.outcomes.distinct()},
               {"chance_of_new_schedule", done.schedules.chance_of_new()},
               {"runs_per_second", done.runs_per_second()},
               {"wall_ns", done.wall_ns},
               {"interrupted", done.interrupted}};
  if (!done.why_fresh.empty()) json["started_anew"] = done.why_fresh;
  if (!done.why_not_rewound.empty()) json["not_rewound"] = done.why_not_rewound;
  return json;
}

Json json_of(const BranchTotals& branching) {
  Json json = {{"children_per_place", branching.children_per_place},
               {"roots", branching.roots},
               {"places", branching.places},
               {"children", branching.children},
               {"events", branching.events},
               {"executed_events", branching.executed_events}};
  if (!branching.refused.empty()) json["refused"] = branching.refused;
  return json;
}

Json failure_of(const Bucket& bucket, std::uint64_t runs, const std::string& program) {
  Json json = {{"seed", bucket.seed}};
  if (!bucket.branch.is_root()) {
    json["decision"] = bucket.branch.decision;
    json["child"] = bucket.branch.child;
  }
  json.update({{"strategy", bucket.strategy},
               {"kind", bucket.failure.kind},
               {"message", bucket.failure.message},
               {"signature", bucket.failure.signature},
               {"count", bucket.count}});
  put_rate(json, bucket.count, runs);
  if (!bucket.test.empty()) json["test"] = bucket.test;
  json["dir"] = bucket.directory;
  json["replay"] = replay_of(bucket, program);
  if (!bucket.problem.empty()) json["problem"] = bucket.problem;
  return json;
}

}  // namespace

Json json_of(const ExploreOptions& options, const Exploration& done, const std::string& program) {
  Json json = {{"schema", kSchema}, {"detsim", DETSIM_VERSION}};
  json["command"] = options.run.command;
  json["first_seed"] = options.first_seed;
  json["strategy"] = options.mixes ? "mix" : strategy_of(options.run);
  json["shard"] = {{"index", options.shard.index}, {"count", options.shard.count}};
  json["summary"] = summary_of(done);
  if (options.branch != 0) json["branching"] = json_of(done.branching);
  auto& failures = json["failures"] = Json::array();
  for (const auto* bucket : most_frequent_first(done)) {
    failures.push_back(failure_of(*bucket, runs_of(*bucket, done), program));
  }
  auto& strategies = json["strategies"] = Json::array();
  for (const auto& [name, total] : done.strategies) {
    strategies.push_back({{"strategy", name}, {"runs", total.runs}, {"failed", total.failed}});
    put_rate(strategies.back(), total.failed, total.runs);
  }
  json["faults"] = json_of(done.faults);
  json["properties"] = json_of(done.properties);
  for (const auto& test : done.tests) {
    json["tests"].push_back({{"name", test.name},
                             {"runs", test.runs},
                             {"failed", test.failed},
                             {"wall_ns", test.wall_ns}});
  }
  auto& coverage = json["coverage"] = Json::array();
  for (const auto& point : done.coverage) {
    coverage.push_back({{"runs", point.runs},
                        {"failed", point.failed},
                        {"schedules", point.schedules},
                        {"outcomes", point.outcomes}});
  }
  return json;
}

}  // namespace detsim
