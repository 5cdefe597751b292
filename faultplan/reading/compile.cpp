#include "faultplan/reading/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "scheduler/choice.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

constexpr double kVerifyProbability = 0.9;

// swarm: each fault is active with even odds (Groce et al., "Swarm testing", ISSTA 2012), at a rate
// between a sixteenth and eight times the catalogue's.
constexpr std::uint64_t kSwarmRates = 8;

std::uint32_t scaled(std::uint32_t per_billion, double by) {
  if (per_billion >= kCertain) return kCertain;
  return static_cast<std::uint32_t>(
      std::lround(std::min(static_cast<double>(per_billion) * by, double{kCertain})));
}

double factor_of(const Plan& plan, FaultId fault, std::uint64_t seed) {
  if (plan.preset == "swarm") {
    auto draws = ChoiceStream::derive(seed, Stream::fault, digest_of(fault) ^ 0x737761726dull);
    const bool is_active = draws.below(2) == 0;
    const auto rate = draws.below(kSwarmRates);
    return is_active ? std::ldexp(1.0, static_cast<int>(rate) - 4) : 0;
  }
  for (const auto& preset : presets()) {
    if (plan.preset == preset.name) return preset.factor;
  }
  return 0;
}

void add_preset_rules(const Plan& plan, std::uint64_t seed, std::vector<PlanRule>& rules) {
  if (plan.preset == "verify") {
    RuleBuilder builder;
    builder.set_fault(plan.verify_fault);
    builder.set("probability", fmt::format("{}", kVerifyProbability));
    builder.finish();
    rules.push_back(builder.result());
    rules.back().rule.from_preset = true;
    return;
  }
  for (unsigned i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<FaultId>(i);
    const auto factor = factor_of(plan, fault, seed);
    const auto is_named = [&](const PlanRule& rule) { return rule.rule.fault == fault; };
    if (factor == 0 || row_of(fault).per_billion == 0) continue;
    if (std::any_of(plan.rules.begin(), plan.rules.end(), is_named)) continue;
    RuleBuilder builder;
    builder.set_fault(row_of(fault).id);
    builder.finish();
    auto rule = builder.result();
    rule.rule.per_billion = scaled(rule.rule.per_billion, factor);
    rule.rule.from_preset = true;
    // SIGBUS ends nearly every program, rightly: only a rule asks for it.
    if (fault == FaultId::disk_read_fail) rule.rule.ops &= ~bit_of(Op::map);
    rules.push_back(rule);
  }
}

// Spoilt places are the same until they are written anew; what is stale was there before a write.
OpSet also_watched(FaultId fault) {
  const bool remembers = fault == FaultId::disk_corruption || fault == FaultId::disk_stale_read ||
                         fault == FaultId::disk_latent_sector;
  return remembers ? bit_of(Op::read) | bit_of(Op::write) : 0;
}

// Whether a strike makes a clock show another time, at once or from then on.
bool moves_clocks(FaultId fault) {
  const bool steps = fault == FaultId::timer_jump_forward ||
                     fault == FaultId::timer_jump_backward || fault == FaultId::timer_leap_second;
  return steps || (row_of(fault).ops & bit_of(Op::process)) != 0;
}

std::string copy_to(char* to, std::size_t bytes, const std::string& text) {
  if (text.size() >= bytes) return fmt::format("'{}' is too long", text);
  std::memcpy(to, text.c_str(), text.size() + 1);
  return "";
}

std::string compile_disk(const Plan& plan, const std::string& directory, DiskSection& disk) {
  auto problem = copy_to(disk.start_directory, kDiskPathBytes, directory);
  for (const auto& path : plan.disk_paths) {
    if (disk.paths_used == kDiskPathsMax) {
      return fmt::format("a plan has at most {} paths of disks", kDiskPathsMax);
    }
    std::error_code error;
    const auto whole = fs::canonical(fs::path(directory) / path, error);
    if (error || !fs::is_directory(whole)) {
      return fmt::format("the disk '{}' is no directory", path);
    }
    problem = copy_to(disk.paths[disk.paths_used++], kDiskPathBytes, whole);
    if (!problem.empty()) return problem;
  }
  disk.in_place = plan.disk_in_place;
  if (problem.empty()) problem = copy_to(disk.profile, sizeof disk.profile, plan.disk_profile);
  return problem;
}

}  // namespace

std::string compile_plan(const Plan& plan, std::uint64_t seed, const std::string& directory,
                         FaultState& state) {
  auto rules = plan.rules;
  add_preset_rules(plan, seed, rules);
  if (rules.size() > kRulesMax) return fmt::format("a plan has at most {} rules", kRulesMax);
  std::stable_sort(rules.begin(), rules.end(), [](const PlanRule& a, const PlanRule& b) {
    return a.rule.fault < b.rule.fault;
  });
  state.seed = seed;
  state.quiet_until_ns = plan.quiet_ns;
  state.live_from_ns = plan.liveness_after_ns;
  for (const auto& each : rules) {
    auto& rule = state.rules[state.rules_used];
    const auto per_billion = scaled(each.rule.per_billion, plan.multiplier);
    if (each.rule.from_preset && per_billion == 0) continue;
    rule = each.rule;
    rule.per_billion = per_billion;
    const auto* before = state.rules_used == 0 ? nullptr : &state.rules[state.rules_used - 1];
    if (before != nullptr && before->fault == rule.fault) {
      rule.ordinal = static_cast<std::uint16_t>(before->ordinal + 1);
    }
    state.watched_ops |= also_watched(rule.fault);
    state.ops |= rule.ops | state.watched_ops;
    state.moves_clocks |= moves_clocks(rule.fault);
    state.has_after_rules |= rule.timing != Timing::before;
    if (rule.fault == FaultId::disk_full && rule.parameters[1] != 0) {
      state.disk_budget = rule.parameters[1];
    }
    ++state.rules_used;
  }
  for (auto& is_asked : state.is_asked_of) is_asked = state.rules_used != 0;
  return compile_disk(plan, directory, state.disk);
}

}  // namespace detsim
