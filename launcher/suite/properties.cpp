#include "launcher/suite/properties.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <regex.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <optional>

#include "launcher/descriptors.hpp"
#include "launcher/whole_file.hpp"

namespace detsim::suite {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kShownMax = 120;
constexpr int kCheckerPatience_s = 60;

bool is_found(const std::string& pattern, const std::string& text) {
  regex_t compiled;
  if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0) {
    return false;
  }
  const bool found = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&compiled);
  return found;
}

void check_output(const char* name, const std::vector<Match>& matches, const std::string& text,
                  BrokenList& broken) {
  for (const auto& match : matches) {
    if (is_found(match.pattern, text) == match.wanted) continue;
    broken.push_back({name, fmt::format("{} {} '{}'", name,
                                        match.wanted ? "has nothing like" : "has something like",
                                        match.pattern)});
  }
}

// The first line in which they differ.
std::string difference_words(const std::string& a, const std::string& b) {
  const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto at = static_cast<std::size_t>(differ.first - a.begin());
  const auto line = 1 + std::count(a.begin(), differ.first, '\n');
  const auto begin = at == 0 ? 0 : a.rfind('\n', at - 1) + 1;
  const auto line_at = [&](const std::string& text) {
    if (begin >= text.size()) return std::string("ends before");
    const auto end = text.find('\n', begin);
    return fmt::format("'{}'", text.substr(begin, std::min(end - begin, kShownMax)));
  };
  return fmt::format("line {}: {}, and {}", line, line_at(a), line_at(b));
}

void compare(const std::string& property, const std::string& what,
             const std::optional<std::string>& a, const std::optional<std::string>& b,
             BrokenList& broken) {
  if (a && b && *a == *b) return;
  if (!a || !b) {
    broken.push_back({property, fmt::format("{}: {} cannot be read", what,
                                            a ? "the expected one" : "that of the run")});
    return;
  }
  broken.push_back({property, fmt::format("{} differ in {}", what, difference_words(*a, *b))});
}

// The checker's exit status; -1: it could not be started, or took too long.
int run_checker(std::vector<std::string> command, const KeptRun& run, std::uint64_t seed) {
  const int input = memfd_create("detsim-checked", MFD_CLOEXEC);
  if (input < 0 || !write_all(input, run.output.data(), run.output.size())) return -1;
  lseek(input, 0, SEEK_SET);
  std::vector<std::string> variables = {
      fmt::format("DETSIM_RUN_SEED={}", seed),
      fmt::format("DETSIM_RUN_EXIT={}", exit_code_of(run.result))};
  std::vector<char*> words, environment;
  for (auto& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
  for (auto& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error =
      posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(input);
  if (error != 0) return -1;
  int status = 0;
  for (int waited = 0; waitpid(pid, &status, WNOHANG) == 0; ++waited) {
    if (waited > kCheckerPatience_s * 200) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      return -1;
    }
    usleep(5000);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const Property* find(const KeptRun& run, const std::string& event) {
  for (const auto& property : run.result.faults.properties) {
    if (property.message == event) return &property;
  }
  return nullptr;
}

std::uint64_t reached(const KeptRun& run, const std::string& event) {
  const auto* property = find(run, event);
  return property == nullptr ? 0 : property->reached;
}

// What is wrong with the event in this run; "": nothing.
std::string check_event(const EventRule& rule, const KeptRun& run) {
  const auto* property = find(run, rule.event);
  const auto count = reached(run, rule.event);
  switch (rule.kind) {
    case EventRule::Kind::held_always:
      return property != nullptr && property->held < property->reached ? "does not always hold"
                                                                       : "";
    case EventRule::Kind::reached_always: return count == 0 ? "is not reached" : "";
    case EventRule::Kind::reached_never: return count != 0 ? "is reached" : "";
    case EventRule::Kind::at_most:
      return count > reached(run, rule.other) ? fmt::format("is reached {} times, '{}' {}", count,
                                                            rule.other, reached(run, rule.other))
                                              : "";
    default: return "";
  }
}

}  // namespace

void check_run(const Test& test, const KeptRun& run, BrokenList& broken) {
  const auto code = exit_code_of(run.result);
  const auto& exits = test.properties.exits;
  const bool is_ending = !run.failure || run.failure->kind == "exit" ||
                         run.failure->kind == "signal" || run.result.outcome == Outcome::power_lost;
  if (!is_ending) {
    broken.push_back({run.failure->kind, run.failure->message});
  } else if (!test.properties.any_exit &&
             std::find(exits.begin(), exits.end(), code) == exits.end()) {
    broken.push_back(
        {"exit", run.failure ? run.failure->message : fmt::format("it ends with status {}", code)});
  }
  check_output("stdout", test.properties.output, run.output, broken);
  check_output("stderr", test.properties.error, run.error, broken);
}

void check_files(const Suite& suite, const Test& test, const std::string& directory,
                 BrokenList& broken) {
  for (const auto& [file, expected] : test.properties.equal_files) {
    compare("files_equal", fmt::format("{} and {}", file, expected),
            whole_file(directory + "/" + file), whole_file(path_in(suite, expected)), broken);
  }
}

void check_checker(const Suite& suite, const Test& test, const KeptRun& run, std::uint64_t seed,
                   BrokenList& broken) {
  auto command = test.properties.checker;
  if (command.empty()) return;
  if (command[0].find('/') != std::string::npos) command[0] = path_in(suite, command[0]);
  const int code = run_checker(command, run, seed);
  if (code == 0) return;
  broken.push_back({"checker", code < 0
                                   ? fmt::format("{} cannot be run, or takes too long", command[0])
                                   : fmt::format("{} ends with status {}", command[0], code)});
}

void check_oracle(const Oracle& oracle, const KeptRun& run, const std::string& directory,
                  const KeptRun& other, const std::string& other_directory, BrokenList& broken) {
  for (const auto& what : oracle.same) {
    if (what == "exit") {
      const auto code = exit_code_of(run.result), expected = exit_code_of(other.result);
      if (code != expected) {
        broken.push_back(
            {"oracle", fmt::format("it ends with status {}, the oracle with {}", code, expected)});
      }
    } else if (what == "stdout") {
      compare("oracle", "standard output and the oracle's", run.output, other.output, broken);
    } else if (what == "stderr") {
      compare("oracle", "standard error and the oracle's", run.error, other.error, broken);
    } else {
      compare("oracle", fmt::format("{} and the oracle's", what),
              whole_file(directory + "/" + what), whole_file(other_directory + "/" + what), broken);
    }
  }
}

void Totals::take(const Test& test, const KeptRun& run, const std::string& plan,
                  BrokenList& broken) {
  for (const auto& property : run.result.faults.properties) {
    auto& event = events_[property.message];
    event.kind = property.kind;
    event.reached += property.reached;
    event.held += property.held;
  }
  for (const auto& rule : test.properties.events) {
    const auto words = check_event(rule, run);
    if (!words.empty()) broken.push_back({"events", fmt::format("'{}' {}", rule.event, words)});
  }
  const auto names = idle_rules(run.result.faults);
  const std::set<std::string> idle(names.begin(), names.end());
  const auto [known, is_first] = idle_.try_emplace(plan, idle);
  if (!is_first) {
    std::erase_if(known->second, [&](const std::string& rule) { return !idle.contains(rule); });
  }
}

void Totals::finish(const Test& test, BrokenList& broken) const {
  std::set<std::string> told;
  const auto tell = [&](const std::string& event, const char* words) {
    if (told.insert(event).second) {
      broken.push_back({"events", fmt::format("'{}' {} in any run", event, words)});
    }
  };
  for (const auto& rule : test.properties.events) {
    const auto found = events_.find(rule.event);
    const auto event = found == events_.end() ? Event{} : found->second;
    using Kind = EventRule::Kind;
    const bool needs_reach = rule.kind == Kind::held_always || rule.kind == Kind::reached_sometimes;
    if (needs_reach && event.reached == 0) tell(rule.event, "is not reached");
    if (rule.kind == Kind::held_sometimes && event.held == 0) tell(rule.event, "does not hold");
  }
  for (const auto& [name, event] : events_) {
    const bool wants =
        event.kind == PropertyKind::sometimes || event.kind == PropertyKind::reachable;
    if (wants && event.held == 0) tell(name, "does not hold");
  }
  for (const auto& [plan, rules] : idle_) {
    for (const auto& rule : rules) {
      broken.push_back({"faults", fmt::format("{}: {} never had a chance to strike", plan, rule)});
    }
  }
}

}  // namespace detsim::suite
