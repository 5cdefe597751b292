// Runs that start from the fork server are the runs that start anew: same trace, same end, same
// output, for every program and seed given. And runs that go on from places in the middle of
// another one are the runs that the same choices give from the start.
//
//    fork_server_test SEEDS PROGRAM...
//    fork_server_test --branches LISTS PROGRAM...
//    fork_server_test --point SEEDS PROGRAM...
//    fork_server_test --rewound SEEDS PROGRAM...
//    fork_server_test --spoilt SEEDS PROGRAM...
//    fork_server_test --leave SEEDS PROGRAM...
//    fork_server_test --leave-struck SEEDS PROGRAM...
//
// --point: the programs do most of their work before they call detsim_fork_point(), and copies do
// not repeat it.
// --rewound: most runs have to be done by a process that has done others (docs/rewinding.md).
// --spoilt: when something is not put back, it is found, and processes are used once from then on.
// The programs print "at ADDRESS" of a byte that their runs depend on.
// --leave: branches from the middle (docs/branching.md) are the runs that their names and that
// their choices give from the start.
// --leave-struck: the same with a fault plan; their strikes are the same, too.
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "launcher/explore/explorer.hpp"
#include "launcher/explore/one_run.hpp"
#include "launcher/explore/own_files.hpp"
#include "launcher/fault_texts.hpp"
#include "launcher/follow.hpp"

namespace {

using namespace detsim;

struct Seen {
  std::uint64_t trace_hash, events, schedule_hash;
  int code;
  std::string output, error, strikes;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen see(Runner& runner, const RunOptions& options) {
  const auto run = runner.run(options);
  if (run.result.refused != 0) fmt::print("refused: {}\n", run.result.problem);
  return {run.result.trace_hash,    run.result.events, run.result.schedule_hash,
          exit_code_of(run.result), run.output,        run.error,
          log_of(run.result.faults)};
}

std::vector<Seen> see_all(Runner& runner, const RunOptions& common, std::uint64_t seeds) {
  std::vector<Seen> all;
  auto options = common;
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    mix_strategy(options);
    all.push_back(see(runner, options));
  }
  return all;
}

bool is_mostly_rewound(const Runner& runner, std::uint64_t seeds) {
  const auto* server = runner.server();
  return server != nullptr && 2 * server->rewound_runs() > seeds;
}

bool is_mostly_spared(const ForkServer* server) {
  return server != nullptr && 2 * server->executed_events() < server->events();
}

RunOptions options_for(const std::string& program) {
  RunOptions options;
  options.command = {program};
  options.wall_limit_ns = 60ull * 1000000000;
  options.quiet = true;
  return options;
}

// How many runs differ.
unsigned compare(const std::string& program, std::uint64_t seeds, bool has_point, bool rewinds) {
  auto options = options_for(program);
  auto serving = std::make_unique<Runner>();
  serving->use_fork_server();
  const auto served = see_all(*serving, options, seeds);
  unsigned wrong = 0;
  if (const auto why = serving->why_fresh(); !why.empty()) {
    fmt::print("{}: started anew: {}\n", program, why);
    ++wrong;
  } else if (has_point && !is_mostly_spared(serving->server())) {
    fmt::print("{}: copies did again what comes before its fork point\n", program);
    ++wrong;
  }
  const auto rewound = serving->server() == nullptr ? 0 : serving->server()->rewound_runs();
  if (const auto why = serving->why_not_rewound(); !why.empty()) {
    fmt::print("{}: rewound no more: {}\n", program, why);
    ++wrong;
  } else if (rewinds && !is_mostly_rewound(*serving, seeds)) {
    fmt::print("{}: most runs had a process of their own\n", program);
    ++wrong;
  }
  serving.reset();
  Runner starting;
  const auto fresh = see_all(starting, options, seeds);
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (served[i] == fresh[i]) continue;
    ++wrong;
    fmt::print("{}: seed {}: anew {:016x}, {} events, exits with {}; served {:016x}, {}, {}\n",
               program, i + 1, fresh[i].trace_hash, fresh[i].events, fresh[i].code,
               served[i].trace_hash, served[i].events, served[i].code);
  }
  fmt::print("{}: {} seeds, {} rewound, {} differ\n", program, seeds, rewound, wrong);
  return wrong;
}

// Changes a byte of the process that the next run goes on in. False: there is none.
bool spoil(const Runner& runner, const std::string& output) {
  const auto at = output.find("at 0x");
  const auto* server = runner.server();
  if (at == output.npos || server == nullptr || server->standing_again() == 0) return false;
  char byte = 77;
  const iovec own{.iov_base = &byte, .iov_len = 1};
  const auto address = std::strtoull(output.c_str() + at + 3, nullptr, 16);
  const iovec its{.iov_base = reinterpret_cast<void*>(address), .iov_len = 1};
  return process_vm_writev(server->standing_again(), &own, 1, &its, 1, 0) == 1;
}

// Every run finds the process spoilt that it could go on in.
unsigned compare_spoilt(const std::string& program, std::uint64_t seeds) {
  auto options = options_for(program);
  auto runner = std::make_unique<Runner>();
  runner->use_fork_server();
  std::vector<Seen> all;
  unsigned spoilt = 0, wrong = 0;
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    all.push_back(see(*runner, options));
    spoilt += spoil(*runner, all.back().output) ? 1 : 0;
  }
  const auto why = runner->why_not_rewound();
  runner.reset();
  Runner fresh;
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    wrong += all[options.seed - 1] == see(fresh, options) ? 0 : 1;
  }
  fmt::print("{}: spoilt {} times; {}; {} runs differ\n", program, spoilt, why, wrong);
  return spoilt == 1 && !why.empty() ? wrong : wrong + 1;
}

// A list of choices that share their beginning with `base`.
std::shared_ptr<Choices> vary(const Choices& base, ChoiceStream& draw, std::uint64_t decisions) {
  auto varied = std::make_shared<Choices>(base);
  auto& switches = varied->switches;
  if (!switches.empty()) switches.resize(draw.below(switches.size() + 1));
  std::uint64_t number = switches.empty() ? 0 : switches.back().number;
  for (auto more = draw.below(6); more > 0; --more) {
    number += 1 + draw.below(decisions / 4 + 1);
    switches.push_back({number, static_cast<std::int64_t>(1000 + draw.below(5))});
  }
  return varied;
}

struct Tried {
  std::shared_ptr<const Choices> choices;
  Seen seen;
};

// From places in the middle.
std::vector<Tried> try_lists(RunOptions options, std::uint64_t lists) {
  std::vector<Tried> tried;
  Runner runner;
  runner.use_fork_server();
  options.choices = std::make_shared<Choices>();
  auto draw = ChoiceStream::derive(1, Stream::schedule);
  auto last = runner.run(options);
  const auto decisions = last.result.decisions;
  for (std::uint64_t i = 0; i < lists; ++i) {
    options.choices = std::make_shared<Choices>(last.result.followed);
    runner.branch_along(options, 1000);  // however short it is
    options.choices = vary(last.result.followed, draw, decisions);
    tried.push_back({options.choices, see(runner, options)});
    if (draw.below(3) == 0) last = runner.run(options);
  }
  const auto* server = runner.server();
  fmt::print("{}: of {} events {} were executed; {}\n", options.command[0],
             server == nullptr ? 0 : server->events(),
             server == nullptr ? 0 : server->executed_events(), runner.why_no_branches());
  return tried;
}

unsigned compare_branches(const std::string& program, std::uint64_t lists) {
  auto options = options_for(program);
  const auto tried = try_lists(options, lists);
  Runner fresh;
  unsigned wrong = 0;
  for (const auto& one : tried) {
    options.choices = one.choices;
    if (see(fresh, options) == one.seen) continue;
    fmt::print("{}: list {} gives another run from the middle\n", program, &one - tried.data());
    ++wrong;
  }
  return wrong;
}

struct Branched {
  RunOptions options;
  Seen seen;
};

// All that explore --branch does for these seeds; `refused` says what it would of them.
std::vector<Branched> branch_all(RunOptions options, std::uint64_t seeds, std::string& refused) {
  std::vector<Branched> all;
  Runner runner;
  runner.use_branches();
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    options.branch = {};
    mix_strategy(options);
    const auto root = run_root(runner, options, 2);
    if (!root.refused.empty()) refused = root.refused;
    for (const auto& branch : root.branches) {
      options.branch = branch;
      all.push_back({options, see(runner, options)});
    }
  }
  const auto* server = runner.server();
  fmt::print("{}: {} branches, of {} events {} were executed; {}\n", options.command[0], all.size(),
             server == nullptr ? 0 : server->events(),
             server == nullptr ? 0 : server->executed_events(), refused);
  return all;
}

// What the strikes of a run add to its choices: with them, no plan decides any more.
std::shared_ptr<const Choices> with_strikes(Runner& fresh, const RunOptions& options,
                                            const Choices& choices) {
  auto listed = std::make_shared<Choices>(choices);
  list_strikes(fresh.run(options).result.faults, *listed);
  return listed;
}

// A branch is the run that its name gives from the start, and the one that its choices do.
bool is_same_anew(Runner& fresh, const Branched& branched, const std::string& trace_path) {
  auto options = branched.options;
  options.trace_path = trace_path;
  const auto named = see(fresh, options);
  std::string problem;
  const auto trace = TraceReader::open(trace_path, problem);
  options.choices = trace == nullptr ? nullptr : choices_of(*trace, problem);
  options.trace_path.clear();
  options.branch = {};
  if (options.choices == nullptr) {
    fmt::print("{}\n", problem);
    return false;
  }
  const bool is_struck = !options.faults_text.empty();
  if (is_struck) options.choices = with_strikes(fresh, branched.options, *options.choices);
  const bool is_same = named == branched.seen && see(fresh, options) == branched.seen;
  if (!is_same) {
    fmt::print("{}: {} is another run anew\n", options.command[0],
               name_of_run(options.seed, branched.options.branch));
  }
  return is_same;
}

// Files and calls that fail often enough to matter, and not so often that nothing else happens.
std::string add_plan(RunOptions& options) {
  auto problem = add_faults(options, "chaos");
  for (const auto* rule :
       {"disk.write_fail=0.03", "disk.partial_write=0.05", "disk.open_fail=0.02",
        "disk.stale_read=0.05", "proc.cpu_starvation=0.01", "proc.crash=0.0005"}) {
    if (problem.empty()) problem = add_fault(options, rule);
  }
  return problem;
}

unsigned compare_leaving(const std::string& program, std::uint64_t seeds, bool is_struck) {
  auto options = options_for(program);
  if (const auto problem = is_struck ? add_plan(options) : ""; !problem.empty()) {
    fmt::print("{}\n", problem);
    return 1;
  }
  make_private(options);
  std::string refused;
  const auto all = branch_all(options, seeds, refused);
  Runner fresh;
  const auto trace_path =
      fmt::format("{}/branch-{}.trace", std::filesystem::current_path().string(), getpid());
  unsigned wrong = all.empty() ? 1 : 0;
  std::size_t strikes = 0;
  for (const auto& branched : all) {
    wrong += is_same_anew(fresh, branched, trace_path) ? 0 : 1;
    strikes += branched.seen.strikes.empty() ? 0 : 1;
  }
  if (is_struck) fmt::print("{} of {} branches were struck\n", strikes, all.size());
  if (is_struck && strikes == 0) ++wrong;
  std::filesystem::remove(trace_path);
  return wrong;
}

}  // namespace

int main(int count, char** arguments) {
  const bool branches = count > 1 && std::string(arguments[1]) == "--branches";
  const bool has_point = count > 1 && std::string(arguments[1]) == "--point";
  const bool rewinds = count > 1 && std::string(arguments[1]) == "--rewound";
  const bool is_spoilt = count > 1 && std::string(arguments[1]) == "--spoilt";
  const bool is_struck = count > 1 && std::string(arguments[1]) == "--leave-struck";
  const bool leaves = is_struck || (count > 1 && std::string(arguments[1]) == "--leave");
  const int first = branches || has_point || rewinds || is_spoilt || leaves ? 3 : 2;
  if (count <= first) return 2;
  const auto number = std::strtoull(arguments[first - 1], nullptr, 10);
  unsigned wrong = 0;
  for (int i = first; i < count; ++i) {
    wrong += leaves      ? compare_leaving(arguments[i], number, is_struck)
             : is_spoilt ? compare_spoilt(arguments[i], number)
             : branches  ? compare_branches(arguments[i], number)
                         : compare(arguments[i], number, has_point, rewinds);
  }
  return wrong == 0 ? 0 : 1;
}
