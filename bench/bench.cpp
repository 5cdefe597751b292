// bench BUILD [--quick]: measures every row natively, under detsim and under its peers, and
// prints a table in Markdown. What a row costs is the difference between doing it often and doing
// it never, divided; the best of several takes, native and detsim alternating, so that what else
// the machine does counts little; and of more while they get better still, as on a busy machine.
// Status 1 when a target was missed.
#include <fmt/core.h>
#include <gnu/libc-version.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "bench/measure.hpp"
#include "bench/programs.hpp"

namespace {

enum class Time { cpu, wall };

struct Micro {
  const char* name;
  const char* words;
  long count;
  long slow_count;  // under strace and valgrind
  Time time;
  bool is_clock;  // worth a comparison with libfaketime
  const char* target;
  std::function<bool(double native_ns, double detsim_ns)> is_met;
};

constexpr double kMs = 1e6;

const Micro kMicros[] = {
    {"clock_gettime", "clock_gettime", 3'000'000, 300'000, Time::cpu, true, "1.5x",
     [](double n, double d) { return d <= 1.5 * n; }},
    {"rdtsc", "rdtsc", 100'000, 3'000'000, Time::cpu, true, "", nullptr},
    {"getrandom", "getrandom, 8 bytes", 1'000'000, 5'000, Time::cpu, false, "2x",
     [](double n, double d) { return d <= 2 * n; }},
    {"mutex", "mutex lock and unlock, uncontended", 20'000'000, 3'000'000, Time::cpu, false, "2x",
     [](double n, double d) { return d <= 2 * n; }},
    {"pread", "pread, 100 bytes", 500'000, 5'000, Time::cpu, false, "1.5x",
     [](double n, double d) { return d <= 1.5 * n; }},
    {"pwrite", "pwrite, 100 bytes", 500'000, 5'000, Time::cpu, false, "1.5x",
     [](double n, double d) { return d <= 1.5 * n; }},
    {"getppid", "a system call", 1'000'000, 5'000, Time::cpu, false, "+100 ns",
     [](double n, double d) { return d <= n + 100; }},
    {"trap", "a call that traps (natively: the bare SIGSYS)", 200'000, 5'000, Time::cpu, false,
     "1.2x", [](double n, double d) { return d <= 1.2 * n; }},
    {"yield", "sched_yield of two threads", 1'000'000, 5'000, Time::cpu, false, "150 ns a switch",
     nullptr},
    {"create", "thread create and join", 20'000, 500, Time::wall, false, "0.5x",
     [](double n, double d) { return d <= 0.5 * n; }},
};

struct Options {
  std::string build, micro, detsim;
  int takes = 5;
  bool is_quick = false;
  bool peers = true;
};

std::vector<std::string> misses;

std::string time_words(double ns) {
  if (ns < 1000) return fmt::format("{:.1f} ns", std::max(ns, 0.0));
  if (ns < 1e6) return fmt::format("{:.2f} us", ns / 1e3);
  return fmt::format("{:.1f} ms", ns / 1e6);
}

Command under_detsim(const Options& options, const Command& command, const Command& more = {}) {
  Command whole{options.detsim, "run", "--quiet", "--seed", "1"};
  whole.insert(whole.end(), more.begin(), more.end());
  whole.emplace_back("--");
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

double time_of(const Usage& usage, Time time) {
  return time == Time::cpu ? usage.cpu_ns : usage.wall_ns;
}

constexpr int kPeerTakes = 3;
constexpr int kTakesInVain = 3;
constexpr int kTakesFactorMax = 4;

// Whether the best has become notably better.
bool improve(double& best, double value) {
  const bool notably = value < 0.98 * best;
  best = std::min(best, value);
  return notably;
}

// `take_all` takes every figure of a row once and says whether one of them has become better.
template <typename TakeAll>
void take_turns(const Options& options, TakeAll take_all) {
  int in_vain = 0;
  const int max = options.is_quick ? options.takes : kTakesFactorMax * options.takes;
  for (int i = 0; i < options.takes || (in_vain < kTakesInVain && i < max); ++i) {
    in_vain = take_all() ? 0 : in_vain + 1;
  }
}

struct Figure {
  double ns = 0;  // for one
  std::string door;
};

// One take: what `count` cost, and what it costs to do nothing.
bool take(const Options& options, const Command& front, const Micro& row, long count, bool pinned,
          double& often_ns, double& never_ns, std::string& door) {
  const auto run = [&](long times) -> std::optional<Usage> {
    Command command = front;
    command.insert(command.end(), {options.micro, row.name, std::to_string(times)});
    return measure(command, pinned);
  };
  const auto never = run(0), often = run(count);
  if (!never || !often) return false;
  door = often->output.substr(0, often->output.find('\n'));
  improve(never_ns, time_of(*never, row.time));
  return improve(often_ns, time_of(*often, row.time));
}

std::optional<Figure> figure_of(double often_ns, double never_ns, long count,
                                const std::string& door) {
  if (often_ns > 1e17) return std::nullopt;
  return Figure{(often_ns - never_ns) / static_cast<double>(count), door};
}

struct Pair {
  std::optional<Figure> native, detsim;
};

Pair measure_both(const Options& options, const Micro& row, const Command (&fronts)[2],
                  bool pinned) {
  double often[2] = {1e18, 1e18}, never[2] = {1e18, 1e18};
  std::string door[2];
  take_turns(options, [&] {
    const bool native =
        take(options, fronts[0], row, row.count, pinned, often[0], never[0], door[0]);
    const bool detsim =
        take(options, fronts[1], row, row.count, false, often[1], never[1], door[1]);
    return native || detsim;
  });
  return {figure_of(often[0], never[0], row.count, door[0]),
          figure_of(often[1], never[1], row.count, door[1])};
}

Pair measure_both(const Options& options, const Micro& row, bool pinned = false) {
  return measure_both(options, row, {{}, under_detsim(options, {})}, pinned);
}

std::string measure_peer(const Options& options, const Micro& row, const Command& front,
                         long count) {
  if (!options.peers) return "";
  if (!is_installed(front[0])) return "not installed";
  double often = 1e18, never = 1e18;
  std::string door;
  for (int i = 0; i < kPeerTakes; ++i) {
    take(options, front, row, count, false, often, never, door);
  }
  const auto figure = figure_of(often, never, count, door);
  if (!figure) return "failed";
  return figure->ns > 0 ? time_words(figure->ns) : "in the noise";
}

void print_row(const std::string& words, const std::string& door, const std::string& native,
               const std::string& detsim, const std::string& ratio, const std::string& target,
               const std::string& peers) {
  fmt::print("| {} | {} | {} | {} | {} | {} | {} |\n", words, door, native, detsim, ratio, target,
             peers);
  std::fflush(stdout);
}

std::string judge(const std::string& words, const std::string& target, bool met) {
  if (target.empty()) return "";
  if (!met) misses.push_back(words);
  return fmt::format("{}: {}", target, met ? "met" : "**missed**");
}

std::string ratio_words(double native, double detsim) {
  if (detsim <= 0 || native <= 0) return "";
  const double ratio = detsim / native;
  return ratio >= 0.1 ? fmt::format("{:.2f}", ratio) : fmt::format("1/{:.0f}", 1 / ratio);
}

std::string peers_of(const Options& options, const Micro& row) {
  const auto strace =
      measure_peer(options, row, {"strace", "-f", "-o", "/dev/null"}, row.slow_count);
  const auto valgrind = measure_peer(
      options, row, {"valgrind", "--tool=none", "--fair-sched=yes", "-q"}, row.slow_count);
  const auto faketime =
      row.is_clock ? measure_peer(options, row, {"faketime", "2030-01-01 00:00:00"}, row.slow_count)
                   : std::string();
  return fmt::format("{} | {} | {}", strace, valgrind, faketime);
}

void micro_row(const Options& options, const Micro& row) {
  const auto pair = measure_both(options, row);
  if (!pair.native || !pair.detsim) {
    print_row(row.words, "", pair.native ? "" : "failed", pair.detsim ? "" : "failed", "",
              judge(row.words, "failed", false), " | | ");
    return;
  }
  const double native = pair.native->ns, detsim = pair.detsim->ns;
  const bool met = row.is_met == nullptr || row.is_met(native, detsim);
  print_row(row.words, pair.detsim->door, time_words(native), time_words(detsim),
            ratio_words(native, detsim),
            row.is_met == nullptr ? "" : judge(row.words, row.target, met), peers_of(options, row));
}

// Two runnable tasks and the random strategy: every second yield is a switch. What a switch costs
// is what yielding costs more than it does alone.
void switch_row(const Options& options) {
  const Micro two{"yield", "", 2'000'000, 0, Time::cpu, false, "", nullptr};
  const Micro one{"yield_alone", "", 2'000'000, 0, Time::cpu, false, "", nullptr};
  const auto both = measure_both(options, two, true), alone = measure_both(options, one, true);
  if (!both.detsim || !alone.detsim || !both.native || !alone.native) {
    return print_row("a task switch", "", "", "failed", "", judge("a task switch", "", false),
                     " | | ");
  }
  const double native = both.native->ns;
  const double detsim = 2 * (both.detsim->ns - alone.detsim->ns);
  print_row("a task switch (natively: sched_yield on one processor)", both.detsim->door,
            time_words(native), time_words(detsim), ratio_words(native, detsim),
            judge("a task switch", "150 ns", detsim < 150), " | | ");
}

void ping_pong_rows(const Options& options) {
  const Micro row{"ping_pong", "", 200'000, 2'000, Time::wall, false, "", nullptr};
  for (const bool pinned : {false, true}) {
    const auto pair = measure_both(options, row, pinned);
    if (!pair.native || !pair.detsim) continue;
    const double native = pair.native->ns, detsim = pair.detsim->ns;
    const double factor = pinned ? 3 : 10;
    const auto words = fmt::format("condition variable hand-off, native {}",
                                   pinned ? "on one processor" : "as it comes");
    print_row(words, pair.detsim->door, time_words(native), time_words(detsim),
              ratio_words(native, detsim),
              judge(words, fmt::format("1/{:.0f}", factor), detsim * factor <= native),
              pinned ? std::string(" | | ") : peers_of(options, row));
  }
}

// The best of each command, in turn.
std::vector<double> best_of(const Options& options, Time time,
                            const std::vector<Command>& commands) {
  std::vector<double> best(commands.size(), 1e18);
  take_turns(options, [&] {
    bool better = false;
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const auto usage = measure(commands[i]);
      if (usage && improve(best[i], time_of(*usage, time))) better = true;
    }
    return better;
  });
  return best;
}

Options with_takes(Options options, int takes) {
  options.takes = takes;
  return options;
}

void sleep_row(const Options& options) {
  const Command command{options.micro, "sleep", "1000"};
  const double native = best_of(with_takes(options, 1), Time::wall, {command})[0];
  const auto both = best_of(
      with_takes(options, 4 * options.takes), Time::wall,
      {under_detsim(options, command), under_detsim(options, {options.micro, "sleep", "0"})});
  const double detsim = both[0] - both[1];
  const char* words = "1000 sleeps of 1 ms";
  print_row(words, "", time_words(native), time_words(detsim), ratio_words(native, detsim),
            judge(words, "5 ms", detsim < 5 * kMs), " | | ");
}

void start_rows(const Options& options) {
  const Command command{"/bin/true"};
  const auto many = with_takes(options, 20 * options.takes);
  const std::vector<Command> commands{command, under_detsim(options, command)};
  const auto cpu = best_of(many, Time::cpu, commands);
  print_row("start and end of /bin/true, processor time", "", time_words(cpu[0]),
            time_words(cpu[1]), "", "", " | | ");
  const auto both = best_of(many, Time::wall, commands);
  const double native = both[0], detsim = both[1];
  print_row("start and end of /bin/true", "", time_words(native), time_words(detsim), "",
            judge("start-up", "+3 ms", detsim - native <= 3 * kMs), " | | ");
  const Command waits{"/bin/cat"};
  const double less = resident_bytes(waits), more = resident_bytes(under_detsim(options, waits));
  const auto megabytes = [](double bytes) { return fmt::format("{:.1f} MiB", bytes / 1048576); };
  print_row("resident memory of /bin/cat", "", megabytes(less), megabytes(more), "",
            judge("memory", "+16 MiB", less > 0 && more > 0 && more - less <= 16 * 1048576.0),
            " | | ");
}

void program_row(const Options& options, const Program& program) {
  if (!is_installed(program.needs)) {
    fmt::print(stderr, "bench: {} is left out: {} is not installed\n", program.name, program.needs);
    return;
  }
  const Command command{"/bin/sh", "-c", program.command};
  const auto both = best_of(with_takes(options, std::min(options.takes, 3)), Time::cpu,
                            {command, under_detsim(options, command, program.options)});
  const double native = both[0], detsim = both[1];
  const bool ran = native < 1e17 && detsim < 1e17;
  print_row(program.name, "", native < 1e17 ? time_words(native) : "failed",
            detsim < 1e17 ? time_words(detsim) : "failed", ran ? ratio_words(native, detsim) : "",
            judge(program.name, fmt::format("{:g}x", program.factor),
                  ran && detsim <= program.factor * native),
            " | | ");
}

// A plan that never strikes, against none: the second column is detsim without one, too.
void plan_rows(const Options& options) {
  const Command plan{"--fault", "disk.write_fail,after=1000000000", "--fault",
                     "proc.eintr,after=1000000000"};
  const Command fronts[2] = {under_detsim(options, {}), under_detsim(options, {}, plan)};
  for (const auto& row : kMicros) {
    const auto pair = measure_both(options, row, fronts, false);
    const auto words = fmt::format("{}, without and with a plan that never strikes", row.words);
    if (!pair.native || !pair.detsim) {
      print_row(words, "", "", "failed", "", judge(words, "failed", false), " | | ");
      continue;
    }
    const double without = pair.native->ns, with = pair.detsim->ns;
    print_row(words, pair.detsim->door, time_words(without), time_words(with),
              ratio_words(without, with), judge(words, "1.05x", with <= 1.05 * without), " | | ");
  }
}

// A loss of power and what comes after it, beyond the two programs' own time.
void power_loss_row(const Options& options, const std::string& directory) {
  const auto fill = options.build + "/bench/leveldb_fill", disk = directory + "/disk";
  if (!is_installed(fill)) return;
  const auto in = "cd " + disk + " && ";
  const auto fills = in + "rm -rf base && " + fill + " seq 20000";
  const Command natively{"/bin/sh", "-c", fills + " && " + fill + " count"};
  const Command cut{"--disk",  disk,
                    "--fault", "proc.power_loss,at.op=open,at.path=**/cut",
                    "--then",  in + fill + " count"};
  const auto both = best_of(options, Time::wall,
                            {natively, under_detsim(options, {"/bin/sh", "-c", fills}, cut)});
  const double native = both[0], detsim = both[1];
  const char* words = "LevelDB filled, power lost, opened again and counted";
  print_row(words, "", time_words(native), detsim < 1e17 ? time_words(detsim) : "failed",
            ratio_words(native, detsim),
            judge(words, "+150 ms", detsim < 1e17 && detsim - native <= 150 * kMs), " | | ");
}

std::string machine() {
  utsname name{};
  uname(&name);
  std::ifstream info("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  return fmt::format("{}, {} processors, Linux {}, glibc {}", model, sysconf(_SC_NPROCESSORS_ONLN),
                     name.release, gnu_get_libc_version());
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) return 2;
  Options options;
  options.build = std::filesystem::absolute(arguments[1]).string();
  options.micro = options.build + "/bench/micro";
  options.detsim = options.build + "/detsim";
  const char* only = nullptr;
  for (int i = 2; i < argument_count; ++i) {
    if (std::strcmp(arguments[i], "--quick") == 0) {
      options.takes = 2;
      options.is_quick = true;
      options.peers = false;
    } else {
      only = arguments[i];
    }
  }
  for (const char* peer : {"strace", "valgrind", "faketime"}) {
    if (options.peers && !is_installed(peer)) {
      fmt::print(stderr, "bench: without {}, which is not installed\n", peer);
    }
  }
  setpriority(PRIO_PROCESS, 0, -20);  // as far as it may: before what else the machine does
  char directory[] = "/tmp/detsim-bench-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 1;
  const auto wanted = [only](const char* name) {
    return only == nullptr || std::strcmp(only, name) == 0;
  };
  fmt::print("{}\n\n", machine());
  double load = 0;
  if (getloadavg(&load, 1) == 1 && load > 1.5) {
    fmt::print(stderr, "bench: the machine is busy (load {:.1f}): wall times say little\n", load);
  }
  print_row("what", "door", "native", "detsim", "ratio", "target",
            "strace -f | valgrind | faketime");
  print_row("---", "---", "---:", "---:", "---:", "---", "---: | ---: | ---:");
  for (const auto& row : kMicros) {
    if (wanted(row.name)) micro_row(options, row);
  }
  if (wanted("switch")) switch_row(options);
  if (wanted("ping_pong")) ping_pong_rows(options);
  if (wanted("sleep")) sleep_row(options);
  if (wanted("start")) start_rows(options);
  if (wanted("programs")) {
    for (const auto& program : make_programs(directory)) program_row(options, program);
  }
  if (wanted("plan")) plan_rows(options);
  if (wanted("disk")) {
    for (const auto& program : make_disk_programs(directory, options.build)) {
      program_row(options, program);
    }
    power_loss_row(options, directory);
  }
  std::filesystem::remove_all(directory);
  fmt::print("\n{} of the targets missed", misses.size());
  for (const auto& miss : misses) fmt::print("{} {}", &miss == &misses[0] ? ":" : ",", miss);
  fmt::print("\n");
  return misses.empty() ? 0 : 1;
}
