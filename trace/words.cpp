#include "trace/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <seccomp.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace detsim {

std::string call_name(std::uint64_t number) {
  if (number > 0xffff) return fmt::format("syscall {:#x}", number);
  char* name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, static_cast<int>(number));
  if (name == nullptr) return fmt::format("syscall {}", number);
  std::string text = name;
  std::free(name);
  return text;
}

std::string seconds(std::uint64_t time_ns) {
  return fmt::format("{}.{:09} s", time_ns / 1'000'000'000, time_ns % 1'000'000'000);
}

namespace {

std::string signal_name(std::int64_t number) {
  const char* name = sigabbrev_np(static_cast<int>(number));
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", number);
}

// Results of calls are numbers, -errno, or addresses; the last are told by their size.
std::string result_words(std::int64_t result) {
  if (result < 0 && result >= -4095) {
    const char* name = strerrorname_np(static_cast<int>(-result));
    return name != nullptr ? fmt::format("-1 {}", name) : fmt::format("{}", result);
  }
  if (result > 0xffffffff || result < 0) return fmt::format("{:#x}", result);
  return fmt::format("{}", result);
}

std::string status_words(int status) {
  if (WIFSIGNALED(status)) return fmt::format("is killed by {}", signal_name(WTERMSIG(status)));
  return fmt::format("exits with status {}", WEXITSTATUS(status));
}

std::string call_words(const Event& e) {
  auto text = fmt::format("{} = {}", call_name(e.call), result_words(e.result));
  if (e.detail != 0) text += fmt::format("  arguments #{:08x}", e.detail & 0xffffffff);
  return text;
}

}  // namespace

std::string words(const Event& e) {
  switch (e.kind) {
    case EventKind::none: return "nothing";
    case EventKind::call: return call_words(e);
    case EventKind::decision:
      return fmt::format("task {} runs next, of {} that could", e.result, e.detail);
    case EventKind::start: return fmt::format("task {} starts", e.result);
    case EventKind::end: return fmt::format("task {} ends, status {}", e.tid, e.result);
    case EventKind::signal: return fmt::format("{} is delivered", signal_name(e.result));
    case EventKind::timer:
      return fmt::format("time moves on by {}", seconds(static_cast<std::uint64_t>(e.result)));
    case EventKind::fault:
      return fmt::format("fault {} strikes {} ({})", e.result, call_name(e.call), e.detail);
    case EventKind::wake: return fmt::format("wakes waiter {} of {}", e.result + 1, e.detail);
    case EventKind::process:
      if (e.detail >> 32 == 0) return fmt::format("process {} begins its program", e.result);
      if (e.detail >> 32 == 2) {
        return fmt::format("the machine starts again (round {}), process {} begins its program",
                           (e.detail & 0xffffffff) + 1, e.result);
      }
      return fmt::format("process {} {}", e.result, status_words(static_cast<int>(e.detail)));
  }
  return fmt::format("event of unknown kind {}", static_cast<unsigned>(e.kind));
}

const char* kind_name(EventKind kind) {
  constexpr const char* kNames[] = {"none",   "call",  "decision", "start",   "end",
                                    "signal", "timer", "fault",    "process", "wake"};
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

std::string line(const Event& e, std::uint64_t number) {
  auto text =
      fmt::format("#{:<8} {:>14}  task {:<4} {}", number, seconds(e.time_ns), e.tid, words(e));
  if (e.site != 0) text += fmt::format("  at {:#x}", e.site);
  return text;
}

void print_trace(const TraceReader& trace, std::uint64_t from, std::uint64_t count, std::FILE* out,
                 std::int32_t tid) {
  const auto& run = trace.metadata();
  fmt::print(out, "# detsim {}, seed {}, strategy {}: {}\n", run.detsim_version, run.seed,
             run.strategy, fmt::join(run.command, " "));
  const auto begin = std::min(from, trace.count());
  const auto end = begin + std::min(count, trace.count() - begin);
  for (auto i = begin; i < end; ++i) {
    const auto& event = trace.event(i);
    if (tid == 0 || event.tid == tid) fmt::print(out, "{}\n", line(event, i));
  }
  fmt::print(out, "# {}: {} events, digest {:016x}\n", trace.outcome(),
             trace.count() + trace.lost(), trace.digest());
  if (trace.lost() > 0) fmt::print(out, "# {} events were lost\n", trace.lost());
}

}  // namespace detsim
