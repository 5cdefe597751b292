// What detsim says about programs that hang. The programs stand in targets/, a way to hang each;
// lines of theirs are found by what stands there, not by number.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/launcher/command.hpp"

namespace detsim {
namespace {

CommandResult run(const std::string& program, const std::vector<std::string>& options = {}) {
  std::vector<std::string> words = {DETSIM, "run", "--seed", "1"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"--", TARGETS + program});
  return run_command(words);
}

// Reports are wrapped: to search them, every run of blanks and line breaks is one blank.
std::string flat(const std::string& text) {
  std::istringstream in(text);
  std::string all;
  for (std::string word; in >> word;) all += (all.empty() ? "" : " ") + word;
  return all;
}

bool has(const CommandResult& result, const std::string& text) {
  const bool found = flat(result.error).find(text) != std::string::npos;
  if (!found) MESSAGE("not said: " << text << "\n" << result.error);
  return found;
}

std::string temporary(const char* name) { return std::string(TARGETS) + name; }

TEST_CASE("three tasks that wait in a circle") {
  const auto result = run("circle");
  CHECK(result.code() == 120);
  CHECK(has(result, "detsim: deadlock: 4 tasks wait, and none can ever run again"));
  CHECK(has(result,
            "They wait for each other in a circle: task 1001 \"clerk\" waits for mutex "
            "bank::account_lock"));
  CHECK(has(result, "held by task 1002 \"clerk\""));
  CHECK(has(result, "pthread_mutex_lock at nptl/pthread_mutex_lock.c"));
  CHECK(has(result, "bank::transfer(int, int) at "));
  CHECK(has(result, "circle.cpp:17"));
  CHECK(has(result, "task 1000 \"circle\" joins task 1001 \"clerk\""));
  CHECK(has(result, "detsim: reproduce with: " DETSIM " run --seed 1 -- "));
  // The circle comes before the stacks.
  CHECK(result.error.find("in a circle") < result.error.find("circle.cpp"));
}

TEST_CASE("who holds the lock of a file") {
  std::vector<std::string> words = {DETSIM, "run", "--", std::string(TARGETS) + "file_locks"};
  for (const char* kind : {"posix", "flock"}) {
    words.emplace_back(kind);
    const auto result = run_command(words);
    words.pop_back();
    CHECK(result.code() == 120);
    CHECK(has(result, "a lock of descriptor 4, a file without a name"));
    CHECK(has(result, "held by process 1000 \"file_locks\""));
    CHECK(has(result, "in a circle"));
  }
}

TEST_CASE("an object on the main stack") {
  const auto result = run("main_stack");
  CHECK(result.code() == 120);
  CHECK(has(result, "on the stack of task 1000 \"main_stack\", held by itself"));
}

TEST_CASE("the same report in every run") {
  for (const char* program : {"circle", "many", "processes"}) {
    CHECK(run(program).error == run(program).error);
  }
}

TEST_CASE("a program that clang compiled") {
  const auto result = run("circle-clang");
  CHECK(result.code() == 120);
  CHECK(has(result, "held by task 1002 \"clerk\""));
  CHECK(has(result, "bank::transfer(int, int) at "));
  CHECK(has(result, "circle.cpp:17"));
}

TEST_CASE("a program without symbols and debug information") {
  const auto result = run("circle-bare");
  CHECK(result.code() == 120);
  CHECK(has(result, "They wait for each other in a circle"));
  CHECK(has(result, "waits for mutex circle-bare+0x"));
  CHECK(has(result, "held by task 1002 \"clerk\""));
  CHECK(has(result, "circle-bare+0x"));
}

TEST_CASE("a task that waits for what it holds") {
  const auto result = run("itself");
  CHECK(result.code() == 120);
  CHECK(has(result, "A task waits for itself:"));
  CHECK(has(result, "in the heap, held by itself"));
  CHECK(has(result, "std::mutex::lock() at "));
  CHECK(has(result, "main at "));
}

TEST_CASE("two processes with each other's locks") {
  for (const char* program : {"processes", "processes-clang", "processes-bare"}) {
    const auto result = run(program);
    CHECK(result.code() == 120);
    CHECK(has(result, "They wait for each other in a circle:"));
    CHECK(has(result, "in shared memory, held by task 1001"));
    CHECK(has(result, "of process 1001 "));
  }
  CHECK(has(run("processes"), "eat("));
}

TEST_CASE("a pipe that nobody writes to") {
  const auto result = run("pipe");
  CHECK(result.code() == 120);
  CHECK(has(result,
            "waits to read from descriptor 3, a pipe (it can be written through descriptor "
            "4 of this process)"));
  CHECK(has(result, "listen(int) at "));
}

TEST_CASE("a child that waits for its parent, which waits for it") {
  const auto result = run("child");
  CHECK(result.code() == 120);
  CHECK(has(result, "waits for a child process (it has process 1001 (child))"));
  CHECK(has(result, "descriptor 4 of process 1000, descriptor 4 of this process"));
}

TEST_CASE("a condition variable that is never notified") {
  const auto result = run("condition");
  CHECK(result.code() == 120);
  CHECK(has(result, "waits for condition variable work_there"));
  CHECK(has(result, "worker() at "));
}

TEST_CASE("whatever else tasks wait for") {
  const auto result = run("many");
  CHECK(result.code() == 120);
  CHECK(has(result, "waits for semaphore seats"));
  CHECK(has(result, "waits for read-write lock table, held by 1 reader"));
  CHECK(has(result, "waits for barrier line_up (1 of 2 have arrived)"));
  CHECK(has(result, "waits for atomic variable flag"));
  CHECK(has(result, "waits for a signal"));
  CHECK(has(result, "polls descriptor "));
  CHECK(has(result, "take_seat() at "));
}

TEST_CASE("pure computation is stopped at the limit of real time, and seen where it is") {
  for (const char* program : {"compute", "compute-clang"}) {
    const auto result = run(program, {"--timeout", "0.5"});
    CHECK(result.code() == 124);
    CHECK(has(result, "the limit of real time has passed: of 2 tasks, 1 runs"));
    CHECK(has(result, "runs compute() at "));
  }
}

TEST_CASE("a limit of virtual time") {
  const auto result = run("sleeper", {"--virtual-timeout", "100"});
  CHECK(result.code() == 124);
  CHECK(has(result, "the limit of virtual time has passed: of 2 tasks, 2 wait (at 100.0"));
  CHECK(has(result, "sleeps, since 99.0"));
  CHECK(has(result, "doze() at "));
}

TEST_CASE("the report for programs") {
  const auto path = temporary("report.json");
  CHECK(run("circle", {"--report-json", path}).code() == 120);
  const auto json = nlohmann::json::parse(std::ifstream(path));
  CHECK(json["outcome"] == "deadlock");
  CHECK(json["exit_code"] == 120);
  CHECK(json["seed"] == 1);
  CHECK(json["stop"]["circles"][0].size() == 3);
  const auto& clerk = json["stop"]["tasks"][1];
  CHECK(clerk["name"] == "clerk");
  CHECK(clerk["waits"]["kind"] == "mutex");
  CHECK(clerk["waits"]["holder"] == 1002);
  bool found = false;
  for (const auto& frame : clerk["stack"])
    found = found || frame["function"] == "bank::transfer(int, int)";
  CHECK(found);
}

TEST_CASE("the report of a run that ends by itself") {
  const auto path = temporary("report.json");
  const auto result = run_command(
      {DETSIM, "run", "--seed", "7", "--report-json", path, "--", "sh", "-c", "kill -TERM $$"});
  CHECK(WIFSIGNALED(result.status));
  const auto json = nlohmann::json::parse(std::ifstream(path));
  CHECK(json["outcome"] == "finished");
  CHECK(json["signal"] == SIGTERM);
  CHECK(json["exit_code"] == 128 + SIGTERM);
  CHECK_FALSE(json.contains("stop"));
}

TEST_CASE("a reader that goes away does not change how the run ends") {
  const auto path = temporary("report.json");
  const auto result = run_command({"sh", "-c",
                                   std::string("{ " DETSIM " run --seed 1 --report-json ") + path +
                                       " -- " TARGETS "circle 2>&1; echo $? >&3; } 3>&2 | true"});
  const auto json = nlohmann::json::parse(std::ifstream(path));
  CHECK(json["outcome"] == "deadlock");
}

}  // namespace
}  // namespace detsim
