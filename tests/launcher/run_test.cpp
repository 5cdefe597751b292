// `detsim run` is transparent: streams, exit status, signals.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/launcher/command.hpp"

namespace detsim {
namespace {

CommandResult run(const std::vector<std::string>& command, const CommandOptions& options = {}) {
  std::vector<std::string> words = {DETSIM, "run", "--quiet", "--seed", "1", "--"};
  words.insert(words.end(), command.begin(), command.end());
  return run_command(words, options);
}

TEST_CASE("exit status and death by signal") {
  CHECK(run({"true"}).code() == 0);
  CHECK(run({"sh", "-c", "exit 3"}).code() == 3);
  CHECK(run({"sh", "-c", "exit 120"}).code() == 120);
  for (const int number : {SIGTERM, SIGKILL, SIGSEGV, SIGABRT, SIGINT, SIGPIPE}) {
    const auto result = run({"sh", "-c", "kill -" + std::to_string(number) + " $$"});
    CHECK(WIFSIGNALED(result.status));
    CHECK(WTERMSIG(result.status) == number);
    CHECK(result.error.empty());
  }
}

TEST_CASE("streams are the program's own") {
  const auto result = run({"sh", "-c", "cat; echo out; echo err >&2"}, {.input = "in\n"});
  CHECK(result.output == "in\nout\n");
  CHECK(result.error == "err\n");
  CHECK(run({"seq", "200000"}).output.size() == 1288895);
  CHECK(run({"sh", "-c", "echo last words; kill -KILL $$"}).output == "last words\n");
  CHECK(run({"sh", "-c", "exec >&-; echo x"}).code() != 0);
}

TEST_CASE("closed streams stay closed") {
  const auto result =
      run({"sh", "-c", "if read x; then echo read; else echo none; fi; ls /proc/self/fd | head -1"},
          {.before_exec = [] { close(0); }});
  CHECK(result.output.starts_with("none"));
}

TEST_CASE("the environment is the user's, without detsim's own") {
  const auto result =
      run_command({DETSIM, "run", "--seed", "1", "--env", "ADDED=2", "--env", "GONE", "--", "env"},
                  {.variables = {"GONE=1", "KEPT=1", "DETSIM_CPUS=3"}});
  CHECK(result.output.find("KEPT=1\n") != std::string::npos);
  CHECK(result.output.find("ADDED=2\n") != std::string::npos);
  CHECK(result.output.find("GONE") == std::string::npos);
  CHECK(result.output.find("DETSIM") == std::string::npos);
  CHECK(result.output.find("LD_PRELOAD") == std::string::npos);
}

TEST_CASE("files from before the run show their own times, so that what tools made of them fits") {
  char place[] = "/tmp/detsim-run-XXXXXX";
  REQUIRE(mkdtemp(place) != nullptr);
  const std::string module = std::string(place) + "/module.py";
  std::ofstream(module) << "value = 1\n";
  const std::vector<std::string> stat = {"stat", "-c", "%y", module};
  CHECK(run(stat).output == run_command(stat).output);
  const std::vector<std::string> import = {
      "env",
      "-u",
      "PYTHONDONTWRITEBYTECODE",
      "/usr/bin/python3",
      "-c",
      "import sys; sys.path.insert(0, '" + std::string(place) + "'); import module"};
  CHECK(run_command(import).code() == 0);
  const std::vector<std::string> compiled = {
      "sh", "-c", "cksum " + std::string(place) + "/__pycache__/*; stat -c %z " + place + "/*"};
  const auto native = run_command(compiled);
  CHECK(run(import).code() == 0);
  CHECK(run_command(compiled).output == native.output);
  std::filesystem::remove_all(place);
}

TEST_CASE("variables for options") {
  const auto result = run_command({DETSIM, "run", "--", "nproc"},
                                  {.variables = {"DETSIM_SEED=5", "DETSIM_CPUS=7"}});
  CHECK(result.output == "7\n");
  CHECK(result.error.empty());
  const auto given = run_command({DETSIM, "run", "--cpus", "4", "--", "nproc"},
                                 {.variables = {"DETSIM_SEED=5", "DETSIM_CPUS=7"}});
  CHECK(given.output == "4\n");
}

TEST_CASE("a seed that is not given is drawn, printed, and reproduces") {
  const std::vector<std::string> command = {"sh", "-c", "head -c 8 /dev/urandom | od -An -tx1"};
  std::vector<std::string> words = {DETSIM, "run", "--"};
  words.insert(words.end(), command.begin(), command.end());
  const auto first = run_command(words), second = run_command(words);
  CHECK(first.output != second.output);
  REQUIRE(first.error.starts_with("detsim: seed "));
  const auto seed = first.error.substr(13, first.error.find('\n') - 13);
  words = {DETSIM, "run", "--seed", seed, "--"};
  words.insert(words.end(), command.begin(), command.end());
  CHECK(run_command(words).output == first.output);
}

TEST_CASE("a failing run ends with a line that reproduces it") {
  const auto result = run_command({DETSIM, "run", "--seed", "9", "--strategy", "pct:2", "--env",
                                   "A=b c", "--cpus", "4", "--", "sh", "-c", "exit 4"});
  CHECK(result.code() == 4);
  CHECK(result.error ==
        "detsim: reproduce with: " DETSIM
        " run --seed 9 --strategy pct:2 --env 'A=b c' --cpus 4 -- sh -c 'exit 4'\n");
}

TEST_CASE("a trace that does not fit: the run goes on, the loss is said") {
  const auto full = run_command({DETSIM, "run", "--seed", "1", "--trace", "/dev/full", "--", "sh",
                                 "-c", "echo done; exit 5"});
  CHECK(full.code() == 5);
  CHECK(full.output == "done\n");
  CHECK(full.says("the trace /dev/full is not complete: No space left on device"));
}

TEST_CASE("a signal to the launcher is the program's") {
  for (const char* way : {"compute", "call", "read"}) {
    for (const int number : {SIGTERM, SIGUSR1, SIGINT}) {
      CAPTURE(way);
      const auto result = run_command(
          {DETSIM, "run", "-q", "--seed", "1", "--", TARGETS "told", way},
          {.input_ends = false, .meanwhile = [number](pid_t detsim) { kill(detsim, number); }});
      CHECK(result.output == "ready\nsignal " + std::to_string(number) + "\n");
    }
  }
}

TEST_CASE("without a handler it ends the program, and so the launcher") {
  const auto result = run_command({DETSIM, "run", "--seed", "1", "--", TARGETS "told", "compute"},
                                  {.meanwhile = [](pid_t detsim) { kill(detsim, SIGHUP); }});
  CHECK(WIFSIGNALED(result.status));
  CHECK(WTERMSIG(result.status) == SIGHUP);
}

}  // namespace
}  // namespace detsim
