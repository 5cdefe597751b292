// A suite as its writer gives it: what to run, how often, and what has to hold (docs/suites.md).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "launcher/run.hpp"
#include "launcher/values.hpp"

namespace detsim::suite {

enum class InputKind { empty, text, file, uniform, zipfian };
struct Input {
  InputKind kind = InputKind::empty;
  std::string text;  // or the path of the file
  std::uint64_t among = 100, count = 100;
  double exponent = 1;
  std::string line = "{key}";
};

struct Match {
  std::string pattern;  // POSIX extended
  bool wanted = true;
};

struct EventRule {
  enum class Kind {
    held_always,
    held_sometimes,
    reached_always,
    reached_sometimes,
    reached_never,
    at_most
  } kind = Kind::held_always;
  std::string event, other;
};

struct Properties {
  bool any_exit = false;
  std::vector<int> exits = {0};
  std::vector<Match> output, error;
  std::vector<std::pair<std::string, std::string>> equal_files;
  std::vector<std::string> checker;
  std::vector<EventRule> events;
};

struct Oracle {
  std::vector<std::string> command;  // empty: there is none
  std::vector<std::string> same = {"stdout", "exit"};
};

// A disk that forgets, for the command alone.
struct Disk {
  std::vector<std::string> paths;  // empty: there is none
  std::string profile, then;
  std::uint32_t crashes = 0;
};

struct Growth {
  std::uint64_t memory_bytes = 1u << 20, descriptors = 4, disk_bytes = 1u << 20;
};

struct Test {
  std::string name;
  std::vector<std::string> command;
  bool has_seeds = false;
  SeedRange seeds;
  std::vector<StrategyChoice> strategies;  // empty: explore's mixture
  std::vector<std::string> faults = {"none"};
  RunOptions run;  // limits, cpus, environment
  std::vector<std::string> files;
  Input input;
  Disk disk;
  Properties properties;
  std::vector<std::vector<std::string>> recovery;
  Oracle oracle;
  Growth growth;
  std::vector<std::string> profiles;  // empty: all
};

struct Profile {
  std::uint64_t runs = 0;  // 0: as many as there is time for
  std::uint64_t duration_ns = kNever;
  bool soaks = false;
};

struct Suite {
  std::string directory;  // of the file
  std::vector<Test> tests;
  std::map<std::string, Profile> profiles;
};

/// Returns what is wrong; "" when nothing is.
std::string read_suite(const std::string& path, Suite& suite);
/// The same of a text; `name` stands for the file.
std::string read_suite_text(const std::string& text, const std::string& name, Suite& suite);
/// Draft 2020-12, as text.
std::string suite_schema();

/// A program with a slash in its name, or a file, relative to the suite.
std::string path_in(const Suite& suite, const std::string& path);
bool belongs_to(const Test& test, const std::string& profile);

}  // namespace detsim::suite
