#include <doctest/doctest.h>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

TEST_CASE("round-robin: tasks go in the order of their ids, for every seed") {
  Core core;
  const Program program = {alone(1, 3), alone(2, 1), alone(3, 2)};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    core.begin(seed, "round-robin");
    CHECK(run(core, program, seed) == Order{0, 1, 2, 0, 2, 0});
  }
}

TEST_CASE("round-robin: whoever waits is skipped and takes its place again") {
  Core core;
  core.begin(1, "round-robin");
  for (int i = 0; i < 4; ++i) core->start(nullptr, 1);
  CHECK(core->decide(nullptr)->id == 0);
  core->wait(core->tasks[1], WaitKind::futex, {1, 1}, ~0u, kNever, false);
  CHECK(core->decide(nullptr)->id == 2);
  CHECK(core->decide(nullptr)->id == 3);
  CHECK(core->decide(nullptr)->id == 0);
  CHECK(core->wake({1, 1}, 1) == 1);
  CHECK(core->decide(nullptr)->id == 1);
}

TEST_CASE("round-robin: steps without a choice count as a turn") {
  Core core;
  core.begin(1, "round-robin");
  for (int i = 0; i < 3; ++i) core->start(nullptr, 1);
  for (const TaskId id : {0u, 2u}) {
    core->wait(core->tasks[id], WaitKind::futex, {1, 1}, ~0u, kNever, false);
  }
  CHECK(core->decide(nullptr)->id == 1);
  core->wake({1, 1}, 2);
  CHECK(core->decide(nullptr)->id == 2);
}

TEST_CASE("round-robin: a turn in some hundreds is another's, so that no lockstep is for ever") {
  Core core;
  core.begin(1, "round-robin");
  for (int i = 0; i < 5; ++i) core->start(nullptr, 1);
  constexpr int kTurns = 100'000;
  TaskId expected = 0;
  std::vector<int> exceptions;
  for (int turn = 0; turn < kTurns; ++turn) {
    const auto chosen = core->decide(nullptr)->id;
    if (chosen != expected) exceptions.push_back(turn);
    expected = (chosen + 1) % 5;
  }
  REQUIRE(exceptions.size() > 100);
  CHECK(exceptions.size() < 400);
  CHECK(exceptions[0] > 500);
}
