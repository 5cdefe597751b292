// The `detsim` command: finds the verb and hands over.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>

#include "launcher/run.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"
#include "launcher/verbs.hpp"

namespace detsim {
namespace {

void print_usage(std::FILE* out) {
  fmt::print(out,
             "detsim runs unmodified Linux programs deterministically.\n\n"
             "Usage: detsim VERB [OPTIONS] [--] [PROGRAM [ARGUMENT...]]\n\nVerbs:\n");
  for (const auto& verb : verbs()) fmt::print(out, "  {:<10} {}\n", verb.name, verb.summary);
  fmt::print(out, "\n`detsim VERB --help` has a verb's options, `man detsim` everything.\n");
}

int unknown_verb(const std::string& verb) {
  if (verb.find('/') != verb.npos || access(verb.c_str(), X_OK) == 0) {
    say(fmt::format("there is no verb '{0}'; to run a program: detsim run -- {0}", verb));
    return kExitFailed;
  }
  std::vector<std::string> names;
  for (const auto& row : verbs()) names.emplace_back(row.name);
  const bool is_option = verb.starts_with("-");
  say(fmt::format("there is no {} '{}'", is_option ? "option before the verb" : "verb", verb) +
      (is_option ? "" : did_you_mean(verb, names)));
  say("see `detsim --help`");
  return kExitFailed;
}

int main_of(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) {
    print_usage(stderr);
    return kExitFailed;
  }
  const auto& name = arguments[1];
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(stdout);
    return 0;
  }
  if (name == "--version") {
    fmt::print("detsim {}\n", DETSIM_VERSION);
    return 0;
  }
  for (const auto& verb : verbs()) {
    if (name == verb.name) {
      return verb.main(
          {.program = arguments[0], .arguments = {arguments.begin() + 2, arguments.end()}});
    }
  }
  return unknown_verb(name);
}

}  // namespace
}  // namespace detsim

int main(int count, char** arguments) {
  try {
    const int code = detsim::main_of(std::vector<std::string>(arguments, arguments + count));
    if (std::fflush(stdout) == 0) return code;
    detsim::say(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  } catch (const std::exception& error) {
    detsim::say(error.what());
  }
  return detsim::kExitFailed;
}
