// `detsim check`: what it calls equal, what it calls different, and what it says.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/launcher/command.hpp"

namespace detsim {
namespace {

CommandResult check(const std::vector<std::string>& command, const CommandOptions& options = {}) {
  std::vector<std::string> words = {DETSIM, "check", "-n", "4", "--seed", "5", "--"};
  words.insert(words.end(), command.begin(), command.end());
  return run_command(words, options);
}

TEST_CASE("equal runs: the output once, one line, status 0 whatever the program's") {
  const auto result = check({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(result.code() == 0);
  CHECK(result.output == "out\n");
  CHECK(result.error.starts_with("err\ndetsim: 4 runs, one execution: seed 5, "));
  CHECK(result.says("status 3"));
  CHECK(check({"sh", "-c", "kill -SEGV $$"}).says("killed by SIGSEGV"));
}

TEST_CASE("input is the same for each run") {
  const auto piped = check({"md5sum"}, {.input = std::string(200000, 'x')});
  CHECK(piped.code() == 0);
  CHECK(piped.output.size() > 32);
  const auto part = check({"head", "-c", "5"}, {.input = std::string(60000, 'y')});
  CHECK(part.code() == 0);
  CHECK(part.output == "yyyyy");
  const auto file = run_command({"sh", "-c", DETSIM " check --seed 1 -- cat < /etc/passwd"});
  CHECK(file.code() == 0);
  CHECK(file.output.starts_with("root:"));
}

TEST_CASE("what a report has opened is not found by the runs after it") {
  const std::string script =
      "for i in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do readlink /proc/$$/fd/$i; done; sleep 100";
  const auto result = run_command({DETSIM, "check", "-n", "2", "--seed", "1", "--virtual-timeout",
                                   "5s", "--", "sh", "-c", script});
  CHECK_MESSAGE(result.code() == 0, result.error);
  CHECK(result.says("the limit of virtual time has passed"));
}

TEST_CASE("a difference: the first event of both sides, with stacks") {
  const std::string counter = TARGETS "runs";
  std::filesystem::remove(counter);
  const auto result = check({TARGETS "diverge", counter});
  CHECK(result.code() == 121);
  CHECK(result.output == "run 1\n");
  CHECK(result.says("run 2 differs from run 1, with seed 5 (environment +"));
  CHECK(result.says("  run 1   #"));
  CHECK(result.says("  run 2   #"));
  CHECK(result.says("run 2, in task 1000:"));
  CHECK(result.says("diverge.cpp:"));
  CHECK(result.says("run 2 wrote other bytes than run 1: standard output, line 1 (byte 4)"));
  CHECK(result.says("  run 1   run 1\n  run 2   run 2\n"));
}

TEST_CASE("files that a run left for the next: told, with what to do") {
  const auto directory = std::filesystem::temp_directory_path() / "detsim-check-leaves";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directory(directory);
  const auto check_there = [&](const std::string& options) {
    return run_command({"sh", "-c",
                        "cd " + directory.string() + " && " DETSIM " check --seed 1 " + options +
                            " -- sh -c 'test -e file; touch file'"});
  };
  const auto bare = check_there("");
  CHECK(bare.code() == 121);
  CHECK(bare.says("may have found what an earlier one had left there. With '--private DIR'"));
  std::filesystem::remove(directory / "file");
  CHECK(check_there("--private .").code() == 0);
  std::filesystem::remove_all(directory);
}

TEST_CASE("other output with equal events is a difference") {
  const std::string file = TARGETS "changing";
  std::ofstream(file) << "aaaa 0\n";
  const auto result = run_command(
      {"sh", "-c",
       "echo 'aaaa 0' > " + file + "; " DETSIM " check --seed 1 -- sh -c 'read x < " + file +
           "; echo \"aaaa ${x#aaaa }\"; echo \"aaaa $((1 - ${x#aaaa }))\" > " + file + "'"});
  CHECK(result.code() == 121);
  CHECK(result.says("run 2 wrote other bytes than run 1: standard output, line 1 (byte 5)"));
}

TEST_CASE("runs that do not end") {
  const auto result = run_command(
      {DETSIM, "check", "--seed", "1", "--timeout", "0.5", "--", TARGETS "told", "compute"});
  CHECK(result.code() == 124);
  CHECK(result.says("run 1 did not end in time, so it cannot be compared"));
}

TEST_CASE("quiet") {
  const auto result = run_command({DETSIM, "check", "-q", "--seed", "1", "--", "echo", "x"});
  CHECK(result.code() == 0);
  CHECK(result.error.empty());
  CHECK(result.output == "x\n");
}

}  // namespace
}  // namespace detsim
