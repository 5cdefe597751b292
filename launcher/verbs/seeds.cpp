// `detsim seeds`: the bank of seeds that once failed.
#include <fmt/format.h>

#include "launcher/command_line.hpp"
#include "launcher/explore/own_files.hpp"
#include "launcher/explore/seed_bank.hpp"
#include "launcher/say.hpp"
#include "launcher/values.hpp"

namespace detsim {
namespace {

struct SeedsOptions {
  std::vector<std::string> words;  // the action, and what it is about
  std::string file = kBankDefault;
  std::string note;
};
using Bank = std::vector<BankedSeed>;

int save(const SeedsOptions& options, const Bank& bank) {
  if (write_bank(options.file, bank)) return 0;
  say(fmt::format("cannot write '{}'", options.file));
  return kExitFailed;
}

int misused(const std::string& words) {
  say(words + "; see `detsim seeds --help`");
  return kExitFailed;
}

int list(const SeedsOptions&, Bank& bank) {
  for (std::size_t i = 0; i < bank.size(); ++i) fmt::print("{}\n", words_of(bank[i], i + 1));
  return 0;
}

int add(const SeedsOptions& options, Bank& bank) {
  if (options.words.size() < 2) return misused("which directory?");
  for (std::size_t i = 1; i < options.words.size(); ++i) {
    std::string problem;
    const auto failure = load_failure(options.words[i], problem);
    if (failure == nullptr) {
      say(problem);
      return kExitFailed;
    }
    bank.push_back(banked(*failure, options.note));
  }
  return save(options, bank);
}

int remove(const SeedsOptions& options, Bank& bank) {
  if (options.words.size() != 2) return misused("which number of `detsim seeds list`?");
  const auto number = parse_number(options.words[1], 1, bank.size());
  if (bank.empty() || !number) return misused(bank.empty() ? "it is empty" : number.problem);
  bank.erase(bank.begin() + static_cast<std::ptrdiff_t>(number.value) - 1);
  return save(options, bank);
}

// Exit status as `git bisect run` reads it: 0 good, 1 bad, 125 cannot be told.
int test_all(const SeedsOptions& options, Bank bank, Bank* failing) {
  Runner runner;
  bool fails = false, runs = true;
  for (std::size_t i = 0; i < bank.size(); ++i) {
    std::string words;
    leave_out(bank[i].run, options.file);
    const auto verdict = test_seed(runner, bank[i], words);
    fmt::print("{}\n     {}\n", words_of(bank[i], i + 1), words);
    std::fflush(stdout);
    fails = fails || verdict == Verdict::still_fails || verdict == Verdict::fails_differently;
    runs = runs && verdict != Verdict::cannot_run && verdict != Verdict::no_longer_applies;
    if (failing != nullptr && verdict != Verdict::fixed) failing->push_back(bank[i]);
  }
  if (fails) return 1;
  return runs ? 0 : kExitFailed;
}

int test(const SeedsOptions& options, Bank& bank) { return test_all(options, bank, nullptr); }

int prune(const SeedsOptions& options, Bank& bank) {
  Bank failing;
  test_all(options, bank, &failing);
  say(fmt::format("{} of {} seeds are fixed, and removed", bank.size() - failing.size(),
                  bank.size()));
  return save(options, failing);
}

struct Action {
  const char* name;
  int (*main)(const SeedsOptions&, Bank&);
};
constexpr Action kActions[] = {
    {"list", list}, {"add", add}, {"test", test}, {"remove", remove}, {"prune", prune}};

}  // namespace

int verb_seeds(const Invocation& invocation) {
  SeedsOptions options;
  CLI::App app("Keeps the seeds that once failed, and tests them.", invocation.program + " seeds");
  app.add_option("action", options.words,
                 "list; add DIR...; test; remove NUMBER; prune: removes what is fixed")
      ->type_name("ACTION");
  app.add_option("--file,-f", options.file, "The bank. Default: detsim.seeds")->type_name("FILE");
  app.add_option("--note", options.note, "add: a word on them")->type_name("TEXT");
  app.footer(
      "The bank is a text file for version control, one seed per line. `test` runs each in this\n"
      "directory and says: fixed, still fails, fails differently, no longer applies (it passes, "
      "but\n"
      "the kept choices do not fit it any more).\n"
      "Exit status of test: 0 all are fixed; 1 one fails; 125 one cannot be told.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  if (options.words.empty()) return misused("what to do with the seeds?");
  std::vector<std::string> names;
  for (const auto& action : kActions) names.emplace_back(action.name);
  for (const auto& action : kActions) {
    if (options.words[0] != action.name) continue;
    Bank bank;
    std::string problem;
    if (read_bank(options.file, bank, problem)) return action.main(options, bank);
    say(problem);
    return kExitFailed;
  }
  return misused(fmt::format("there is no action '{}'{}", options.words[0],
                             did_you_mean(options.words[0], names)));
}

}  // namespace detsim
