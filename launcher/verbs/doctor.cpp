// `detsim doctor`: what this machine offers, and a run of detsim on it.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "launcher/command_line.hpp"
#include "launcher/machine.hpp"
#include "launcher/say.hpp"

namespace detsim {
namespace {

// Everything that differs natively from run to run: the clock, a pid, random bytes.
constexpr const char kProbe[] = "date +%s.%N; echo $$; head -c 8 /dev/urandom | od -An -tx1";

const char* word_of(Offer offer) {
  switch (offer) {
    case Offer::yes: return "ok";
    case Offer::limited: return "limited";
    case Offer::no: return "missing";
  }
  return "?";
}

struct SelfTest {
  std::string problem;
  std::string output;
  std::uint64_t trace_hash = 0;
};

SelfTest run_probe(std::uint64_t seed) {
  const int output = memfd_create("output", MFD_CLOEXEC);
  RunOptions options;
  options.command = {"/bin/sh", "-c", kProbe};
  options.seed = seed;
  options.quiet = true;
  options.wall_limit_ns = 20000000000;
  options.standard_output = output;
  const auto result = run_target(options);
  SelfTest test;
  if (result.refused != 0) {
    test.problem = result.problem;
  } else if (failed(result)) {
    test.problem = fmt::format("it ended with {}", exit_code_of(result));
  }
  test.trace_hash = result.trace_hash;
  char buffer[256];
  for (ssize_t n;
       (n = pread(output, buffer, sizeof buffer, static_cast<off_t>(test.output.size()))) > 0;) {
    test.output.append(buffer, static_cast<std::size_t>(n));
  }
  close(output);
  return test;
}

Finding test_itself() {
  const auto first = run_probe(1);
  if (!first.problem.empty()) return {"self-test", Offer::no, first.problem};
  const auto again = run_probe(1);
  const auto other = run_probe(2);
  if (first.output != again.output || first.trace_hash != again.trace_hash) {
    return {"self-test", Offer::no, "two runs of one seed were different: please report this"};
  }
  if (first.output == other.output) {
    return {"self-test", Offer::no, "two seeds gave the same random bytes: please report this"};
  }
  return {"self-test", Offer::yes, "two runs of a shell script were the same"};
}

void print(const Finding& finding) {
  fmt::print("{:<16} {:<8} {}\n", finding.name, word_of(finding.offer), finding.words);
  std::fflush(stdout);
}

}  // namespace

int verb_doctor(const Invocation& invocation) {
  CLI::App app("Says what this machine offers, and tests detsim on it.",
               invocation.program + " doctor");
  app.footer("Exit status: 0 if programs can be run here, 125 if not.");
  if (const auto code = parse_command_line(app, invocation, nullptr)) return *code;
  bool can_run = true;
  for (const auto& finding : look_at_machine()) {
    print(finding);
    can_run = can_run && finding.offer != Offer::no;
  }
  const auto test =
      can_run ? test_itself() : Finding{"self-test", Offer::no, "left out: something is missing"};
  print(test);
  return test.offer == Offer::yes ? 0 : kExitFailed;
}

}  // namespace detsim
