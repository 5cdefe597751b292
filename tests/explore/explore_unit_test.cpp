// The arithmetic of an exploration: signatures, rates, counts.
#include <doctest/doctest.h>

#include "launcher/explore/distinct.hpp"
#include "launcher/explore/failure.hpp"
#include "launcher/explore/shrink.hpp"
#include "launcher/report_words.hpp"

using namespace detsim;

TEST_CASE("a signature leaves out numbers and addresses, and keeps lines of sources") {
  CHECK(normalised("lost 3 of 400") == "lost N of N");
  CHECK(normalised("==123==ERROR at 0x7ffe12ab in f2") == "==N==ERROR at N in f2");
  CHECK(normalised("bank.cpp:41: total is 97") == "bank.cpp:41: total is N");
  CHECK(normalised("") == "");
}

TEST_CASE("a run is judged by how it ended and what it said") {
  RunResult result;
  result.outcome = Outcome::finished;
  CHECK_FALSE(judge(result, "some words\n", std::nullopt).has_value());
  result.status = 3 << 8;
  const auto status = judge(result, "lost 3\n\n", std::nullopt);
  CHECK(status->kind == "exit");
  CHECK(status->message == "exit status 3: lost 3");
  CHECK(status->signature == judge(result, "lost 4\n", std::nullopt)->signature);
  result.status = 6;
  CHECK(judge(result, "", std::nullopt)->message == "SIGABRT");
  const auto report = judge(result,
                            "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x60\n"
                            "    #0 0x55 in take(int) a.cpp:3 (prog+0x1)\n    #1 0x56 in main\n",
                            std::nullopt);
  CHECK(report->kind == "sanitizer");
  CHECK(
      report->signature ==
      "==N==ERROR: AddressSanitizer: heap-use-after-free on address N | take(int) a.cpp:3 | main");
}

TEST_CASE("a rate lies in Wilson's interval") {
  const auto rate = rate_of(10, 100);
  CHECK(rate.rate == doctest::Approx(0.1));
  CHECK(rate.low == doctest::Approx(0.0552).epsilon(0.001));
  CHECK(rate.high == doctest::Approx(0.1744).epsilon(0.001));
  CHECK(rate_of(0, 1000).low < 1e-9);
  CHECK(rate_of(0, 1000).high < 0.005);
  CHECK(rate_of(0, 0).high == 1);
}

TEST_CASE("distinct hashes are counted, beyond the memory's bound approximately") {
  DistinctCounter few;
  for (std::uint64_t i = 0; i < 1000; ++i) few.add(mix64(i % 100));
  CHECK(few.distinct() == 100);
  CHECK(few.chance_of_new() == 0);
  few.add(mix64(5000));
  CHECK(few.chance_of_new() == doctest::Approx(1.0 / 1001));
  DistinctCounter many;
  for (std::uint64_t i = 0; i < 3'000'000; ++i) many.add(mix64(i));
  CHECK(many.distinct() == doctest::Approx(3e6).epsilon(0.02));
  CHECK(many.chance_of_new() == doctest::Approx(1.0).epsilon(0.02));
}

TEST_CASE("parts of a list are taken out across switches and wakes") {
  Choices choices;
  choices.switches = {{1, 10}, {2, 20}, {3, 30}};
  choices.wakes = {{0, 1}, {4, 2}};
  CHECK(without(choices, 1, 3).switches == std::vector<Choice>{{1, 10}});
  CHECK(without(choices, 1, 3).wakes == std::vector<Choice>{{4, 2}});
  CHECK(size_of(without(choices, 0, 5)) == 0);
}

TEST_CASE(
    "a deep stack is shown as far as an interpreter's own frames reach, and the rest counted") {
  TaskFacts task;
  for (int i = 0; i < 50; ++i) {
    StackFrame frame;
    frame.function = "frame_" + std::to_string(i);
    task.stack.push_back(frame);
  }
  task.stack_begin = 2;
  task.stack_end = 34;
  CHECK(stack_lines(task, 96).size() == 32);
  CHECK(stack_lines(task, 96).back() == "frame_33");
  task.stack_end = 50;
  CHECK(stack_lines(task, 96).size() == 33);
  CHECK(stack_lines(task, 96).front() == "frame_2");
  CHECK(stack_lines(task, 96).back() == "... 16 more");
}

TEST_CASE("of a test framework's program the first failed assertion tells how it failed") {
  RunResult result;
  result.outcome = Outcome::finished;
  result.status = 1 << 8;
  const auto one = judge(result,
                         "t.cpp:14:\nTEST CASE:  a\n\n"
                         "t.cpp:15: ERROR: CHECK( count() == 2 ) is NOT correct!\n"
                         "  values: CHECK( 1 == 2 )\n\n=====\n[doctest] assertions: 1\n"
                         "[doctest] Status: FAILURE!\n",
                         std::nullopt);
  CHECK(one->message ==
        "exit status 1: t.cpp:15: ERROR: CHECK( count() == 2 ) is NOT correct! "
        "values: CHECK( 1 == 2 )");
  CHECK(one->signature.find("values") == std::string::npos);
  const auto google = judge(result,
                            "[ RUN      ] A.B\na.cpp:7: Failure\nExpected equality:\n  count()\n"
                            "    Which is: 1\n  2\n\n[  FAILED  ] A.B (0 ms)\n\n 1 FAILED TEST\n",
                            std::nullopt);
  CHECK(google->message ==
        "exit status 1: a.cpp:7: Failure Expected equality: count() Which is: 1 2");
  CHECK(google->signature == "exit status 1: a.cpp:7: Failure");
  const auto caught = judge(result,
                            "it counts\n-----\na.cpp:3\n.....\n\na.cpp:4: FAILED:\n"
                            "  CHECK( count() == two )\nwith expansion:\n  1 == 2\n\n=====\n"
                            "test cases: 1 | 1 failed\nassertions: 1 | 1 failed\n\n",
                            std::nullopt);
  CHECK(caught->message ==
        "exit status 1: a.cpp:4: FAILED: CHECK( count() == two ) with expansion: 1 == 2");
  CHECK(caught->signature == "exit status 1: a.cpp:4: FAILED: CHECK( count() == two )");
  CHECK(judge(result, "a: 3: ERROR: no\nlast words\n", std::nullopt)->message ==
        "exit status 1: last words");
}
