// What a rule promises: its rate, its counts, and that no rule moves another's draws.
#include "faultplan/decision.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "faultplan/text.hpp"

using namespace detsim;

namespace {

std::unique_ptr<FaultState> plan(std::uint64_t seed) {
  auto state = std::make_unique<FaultState>();
  state->seed = seed;
  return state;
}

FaultRule& add(FaultState& state, FaultId fault, std::uint32_t per_billion) {
  auto& rule = state.rules[state.rules_used++];
  rule.fault = fault;
  rule.ops = row_of(fault).ops;
  rule.subjects = row_of(fault).subjects;
  rule.per_billion = per_billion;
  return rule;
}

Opportunity a_write(std::uint32_t task = 0, std::uint64_t now_ns = 0) {
  return {.ops = bit_of(Op::write) | bit_of(Op::any),
          .subject = Subject::file,
          .now_ns = now_ns,
          .task = task,
          .ancestry = 77 + task};
}

bool ask(FaultState& state, FaultRule& rule, const Opportunity& what) {
  return may_apply(state, rule, what) && decide_fault(state, rule, what);
}

std::string strikes(FaultState& state, FaultRule& rule, unsigned times) {
  std::string pattern;
  for (unsigned i = 0; i < times; ++i) pattern += ask(state, rule, a_write()) ? 'x' : '.';
  return pattern;
}

}  // namespace

TEST_CASE("the same seed strikes the same opportunities, another one others") {
  const auto of_seed = [](std::uint64_t seed) {
    auto state = plan(seed);
    return strikes(*state, add(*state, FaultId::disk_write_fail, 300'000'000), 200);
  };
  CHECK(of_seed(1) == of_seed(1));
  CHECK(of_seed(1) != of_seed(2));
}

TEST_CASE("another fault, and another rule of the fault behind it, leave the draws as they were") {
  auto alone = plan(5);
  const auto expected = strikes(*alone, add(*alone, FaultId::disk_write_fail, 300'000'000), 200);
  auto both = plan(5);
  auto& other = add(*both, FaultId::disk_slow, 500'000'000);
  auto& rule = add(*both, FaultId::disk_write_fail, 300'000'000);
  auto& second = add(*both, FaultId::disk_write_fail, 300'000'000);
  second.ordinal = 1;
  std::string pattern, pattern_of_second;
  for (unsigned i = 0; i < 200; ++i) {
    ask(*both, other, a_write());
    pattern += ask(*both, rule, a_write()) ? 'x' : '.';
    pattern_of_second += ask(*both, second, a_write()) ? 'x' : '.';
  }
  CHECK(pattern == expected);
  CHECK(pattern_of_second != expected);
}

TEST_CASE("what one task does leaves another's draws as they were") {
  auto alone = plan(5);
  const auto expected = strikes(*alone, add(*alone, FaultId::disk_write_fail, 300'000'000), 200);
  auto both = plan(5);
  auto& rule = add(*both, FaultId::disk_write_fail, 300'000'000);
  std::string pattern;
  for (unsigned i = 0; i < 200; ++i) {
    ask(*both, rule, a_write(1));
    pattern += ask(*both, rule, a_write(0)) ? 'x' : '.';
  }
  CHECK(pattern == expected);
}

TEST_CASE("the rate is the configured one, within five standard deviations") {
  for (const std::uint32_t per_billion : {1'000'000u, 20'000'000u, 300'000'000u, 900'000'000u}) {
    auto state = plan(per_billion);
    auto& rule = add(*state, FaultId::disk_write_fail, per_billion);
    constexpr double times = 200000;
    for (unsigned i = 0; i < times; ++i) ask(*state, rule, a_write(i % 7));
    const double p = per_billion / 1e9;
    CHECK(std::abs(static_cast<double>(rule.strikes) - times * p) <
          5 * std::sqrt(times * p * (1 - p)));
    CHECK(rule.opportunities == 200000);
  }
}

TEST_CASE("a certain rule with max 1 strikes exactly once, at its first opportunity") {
  auto state = plan(3);
  auto& rule = add(*state, FaultId::disk_write_fail, kCertain);
  rule.max = 1;
  CHECK(strikes(*state, rule, 6) == "x.....");
  CHECK(rule.strikes == 1);
}

TEST_CASE("counts: after, first..last+step, sequences, occurrence") {
  auto state = plan(3);
  auto& after = add(*state, FaultId::disk_write_fail, kCertain);
  after.after = 3, after.max = 2;
  CHECK(strikes(*state, after, 8) == "...xx...");
  auto& when = add(*state, FaultId::disk_write_fail, kCertain);
  when.first = 3, when.last = 9, when.step = 2;
  CHECK(strikes(*state, when, 12) == "..x.x.x.x...");
  auto& sequence = add(*state, FaultId::disk_write_fail, kCertain);
  copy_text_to(sequence.sequence, "wxxw", kSequenceMax);
  CHECK(strikes(*state, sequence, 8) == ".xx.....");
  auto& for_ever = add(*state, FaultId::disk_write_fail, kCertain);
  copy_text_to(for_ever.sequence, "wxxwX", kSequenceMax);
  CHECK(strikes(*state, for_ever, 9) == ".xx.xxxxx");
  auto& point = add(*state, FaultId::proc_crash, kCertain);
  point.is_point = true, point.occurrence = 4, point.max = 1;
  CHECK(strikes(*state, point, 6) == "...x..");
}

TEST_CASE("conditions: path, process, kind, operation, windows of time, phases") {
  auto state = plan(3);
  auto& rule = add(*state, FaultId::disk_write_fail, kCertain);
  copy_text_to(rule.path, "**/*.log", kPatternBytes);
  copy_text_to(rule.process, "db*", kPatternBytes);
  rule.process_nth = 2;
  rule.from_ns = 100, rule.until_ns = 200;
  auto what = a_write(0, 150);
  what.path = "/x/a.log", what.process = "dbd", what.process_nth = 2;
  CHECK(ask(*state, rule, what));
  const auto with = [&](auto change) {
    auto other = what;
    change(other);
    return ask(*state, rule, other);
  };
  CHECK_FALSE(with([](Opportunity& o) { o.path = "/x/a.txt"; }));
  CHECK_FALSE(with([](Opportunity& o) { o.process = "sh"; }));
  CHECK_FALSE(with([](Opportunity& o) { o.process_nth = 1; }));
  CHECK_FALSE(with([](Opportunity& o) { o.subject = Subject::pipe; }));
  CHECK_FALSE(with([](Opportunity& o) { o.ops = bit_of(Op::read); }));
  CHECK_FALSE(with([](Opportunity& o) { o.now_ns = 99; }));
  CHECK_FALSE(with([](Opportunity& o) { o.now_ns = 200; }));
  CHECK_FALSE(with([](Opportunity& o) { o.timing = Timing::after; }));
  CHECK(rule.opportunities == 1);
  state->quiet_until_ns = 160;
  CHECK_FALSE(ask(*state, rule, what));
  state->quiet_until_ns = 0, state->live_from_ns = 150;
  CHECK_FALSE(ask(*state, rule, what));
}

TEST_CASE("during a transaction is after its first write, once for each") {
  auto state = plan(3);
  auto& rule = add(*state, FaultId::proc_crash, kCertain);
  rule.is_point = true, rule.timing = Timing::during;
  auto written = a_write(), synced = a_write();
  written.timing = Timing::after;
  synced.ops = bit_of(Op::sync) | bit_of(Op::any);
  CHECK(ask(*state, rule, written));
  CHECK_FALSE(ask(*state, rule, written));
  CHECK_FALSE(ask(*state, rule, synced));
  CHECK(ask(*state, rule, written));
  CHECK(rule.opportunities == 2);
}

TEST_CASE("a strike's own draws are its errno and its amounts") {
  auto state = plan(3);
  auto& rule = add(*state, FaultId::disk_write_fail, kCertain);
  std::vector<int> errors;
  for (unsigned i = 0; i < 50; ++i) {
    ask(*state, rule, a_write());
    errors.push_back(error_of_strike(*state, rule, 0));
    CHECK(errors.back() == error_of_strike(*state, rule, 0));
    CHECK(draw_of_strike(*state, rule, 0, 1, 10) < 10);
  }
  CHECK(std::count(errors.begin(), errors.end(), errors[0]) < 50);
  rule.error = 28;
  CHECK(error_of_strike(*state, rule, 0) == 28);
}

TEST_CASE("the catalogue's rows are whole") {
  for (unsigned i = 0; i < kFaults; ++i) {
    const auto& row = row_of(static_cast<FaultId>(i));
    CAPTURE(row.id);
    CHECK(row.ops != 0);
    CHECK(row.subjects != 0);
    CHECK(row.per_billion <= kCertain);
    CHECK(std::string(row.words).size() > 10);
    CHECK(std::string(row.source).size() > 5);
  }
}
