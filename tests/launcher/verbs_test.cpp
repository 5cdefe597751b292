// The verbs that only tell: calls, doctor, report, help.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/launcher/command.hpp"

namespace detsim {
namespace {

TEST_CASE("help and version") {
  for (const char* verb : {"run", "check", "explore", "replay", "bisect", "suite", "seeds",
                           "report", "calls", "doctor"}) {
    const auto result = run_command({DETSIM, verb, "--help"});
    CHECK(result.code() == 0);
    CHECK(result.output.find("Usage: ") != std::string::npos);
    CHECK(result.output.find("Exit status") != std::string::npos);
    CHECK(result.error.empty());
  }
  CHECK(run_command({DETSIM, "--version"}).output.starts_with("detsim 0."));
  CHECK(run_command({DETSIM, "--help"}).output.find("  doctor ") != std::string::npos);
}

TEST_CASE("calls") {
  const auto all = run_command({DETSIM, "calls"});
  CHECK(all.code() == 0);
  CHECK(count_lines(all.output) > 200);
  const auto refused = run_command({DETSIM, "calls", "refused"});
  CHECK(refused.output.find("io_uring_setup") != std::string::npos);
  CHECK(refused.output.find(" modelled  ") == std::string::npos);
  const auto json = nlohmann::json::parse(run_command({DETSIM, "calls", "--json", "futex"}).output);
  CHECK(json[0]["name"] == "futex");
  CHECK(json[0]["support"] == "modelled");
  CHECK(run_command({DETSIM, "calls", "--json", "no_such"}).code() == 1);
}

TEST_CASE("doctor tries a run") {
  const auto result = run_command({DETSIM, "doctor"});
  CHECK(result.code() == 0);
  for (const char* line :
       {"user dispatch    ok", "FSGSBASE", "rdtsc", "cpuid", "vDSO", "self-test        ok"}) {
    CHECK(result.output.find(line) != std::string::npos);
  }
}

TEST_CASE("report prints a trace and compares two") {
  const std::string a = TARGETS "a.trace", b = TARGETS "b.trace";
  const std::vector<std::string> program = {"--", "sh", "-c", "date; :"};
  const auto record = [&](const std::string& seed, const std::string& file) {
    std::vector<std::string> words = {DETSIM, "run", "--seed", seed, "--trace", file};
    words.insert(words.end(), program.begin(), program.end());
    REQUIRE(run_command(words).code() == 0);
  };
  record("1", a);
  record("2", b);
  const auto text = run_command({DETSIM, "report", a, "--count", "1"});
  CHECK(text.code() == 0);
  CHECK(text.output.starts_with("# detsim 0."));
  CHECK(text.output.find("seed 1, strategy random: sh -c date; :\n#0 ") != std::string::npos);
  CHECK(text.output.find("\n# finished: ") != std::string::npos);
  const auto json = run_command({DETSIM, "report", "--json", "--from", "3", "--count", "2", a});
  CHECK(count_lines(json.output) == 2);
  CHECK(nlohmann::json::parse(json.output.substr(0, json.output.find('\n')))["event"] == 3);
  const auto child = run_command({DETSIM, "report", "--task", "1001", a});
  CHECK(child.output.find("task 1000 exit") == std::string::npos);
  CHECK(child.output.find("task 1001 ") != std::string::npos);
  const auto different = run_command({DETSIM, "report", a, b});
  CHECK(different.code() == 121);
  CHECK(different.output.find("\n  first   #") != std::string::npos);
  record("1", b);
  const auto same = run_command({DETSIM, "report", a, b});
  CHECK(same.code() == 0);
  CHECK(same.output.find("all the same, finished") != std::string::npos);
}

}  // namespace
}  // namespace detsim
