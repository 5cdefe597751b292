#include "launcher/conditions.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>

namespace detsim {
namespace {

// Coprime lengths, so that a few runs meet many combinations.
constexpr std::size_t kPads[] = {0, 997, 16, 40001, 4096};
constexpr unsigned kDepths[] = {0, 3, 1, 40};
constexpr unsigned long kPersonalities[] = {
    0, ADDR_NO_RANDOMIZE, 0, ADDR_COMPAT_LAYOUT, 0, ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC};
constexpr std::size_t kStackLimits[] = {0, 1 << 20, 64 << 20};
constexpr unsigned kDescriptors[] = {0, 5, 1, 300};
constexpr unsigned kBusy[] = {0, 1, 3, 0, 2};

template <typename T, std::size_t n>
T take(const T (&row)[n], unsigned run) {
  return row[run % n];
}

std::vector<int> allowed_cores() {
  std::vector<int> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(static_cast<unsigned>(core), &set)) cores.push_back(core);
  }
  return cores;
}

// Bursts of computation and short pauses of lengths that do not repeat soon: the run loses the
// core at moments that are different in every run.
[[noreturn]] void be_busy(unsigned number) {
  auto state = static_cast<unsigned>(getpid()) * 2654435761u + number;
  for (;;) {
    state = state * 1664525u + 1013904223u;
    for (unsigned i = 0; i < state % 3000000; ++i) __asm__ volatile("" : : "r"(i));
    if ((state >> 16) % 4 == 0) {
      const timespec pause{0, static_cast<long>((state >> 8) % 500000)};
      nanosleep(&pause, nullptr);
    }
  }
}

pid_t start_busy(unsigned number, int core, pid_t launcher) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launcher) _exit(0);
  // The ends of pipes that the launcher holds must not live on in here.
  for (int fd = 0; close_range(0, ~0u, 0) != 0 && fd < 4096; ++fd) close(fd);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  if (core >= 0) sched_setaffinity(0, sizeof set, &set);
  be_busy(number);
}

}  // namespace

Conditions conditions_of(unsigned run) {
  static const auto cores = allowed_cores();
  Conditions conditions;
  if (run == 0) return conditions;
  conditions.environment_pad = take(kPads, run);
  conditions.directory_depth = take(kDepths, run);
  conditions.personality = take(kPersonalities, run);
  conditions.stack_limit = take(kStackLimits, run);
  conditions.descriptors = take(kDescriptors, run);
  conditions.busy = take(kBusy, run);
  if (!cores.empty()) conditions.core = cores[run % cores.size()];
  return conditions;
}

std::string words_of(const Conditions& c) {
  std::string text;
  const auto add = [&text](const std::string& words) {
    text += (text.empty() ? "" : ", ") + words;
  };
  if (c.environment_pad != 0) add(fmt::format("environment +{} bytes", c.environment_pad));
  if (c.directory_depth != 0) add(fmt::format("started {} directories down", c.directory_depth));
  if ((c.personality & ADDR_NO_RANDOMIZE) != 0) add("randomisation off on the host");
  if ((c.personality & ADDR_COMPAT_LAYOUT) != 0) add("legacy memory layout on the host");
  if ((c.personality & READ_IMPLIES_EXEC) != 0) add("READ_IMPLIES_EXEC on the host");
  if (c.stack_limit != 0) add(fmt::format("ulimit -s {}", c.stack_limit >> 10));
  if (c.descriptors != 0) add(fmt::format("{} more descriptors", c.descriptors));
  if (c.busy != 0) add(fmt::format("{} busy processes", c.busy));
  if (c.core >= 0) add(fmt::format("core {}", c.core));
  return text.empty() ? "undisturbed" : text;
}

Surroundings::Surroundings(const Conditions& conditions, const std::string& directory) {
  personality_before_ = personality(0xffffffff);
  if (conditions.personality != 0) {
    personality(static_cast<unsigned long>(personality_before_) | conditions.personality);
  }
  rlimit stack{};
  getrlimit(RLIMIT_STACK, &stack);
  stack_limit_before_ = stack.rlim_cur;
  if (conditions.stack_limit != 0) {
    stack.rlim_cur = std::min<rlim_t>(conditions.stack_limit, stack.rlim_max);
    setrlimit(RLIMIT_STACK, &stack);
  }
  if (conditions.directory_depth > 0) {
    auto path = std::filesystem::path(directory);
    for (unsigned i = 0; i < conditions.directory_depth; ++i) path /= "deeper";
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (!error) start_directory_ = path;
  }
  for (unsigned i = 0; i < conditions.descriptors; ++i) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) descriptors_.push_back(fd);
  }
  const pid_t launcher = getpid();
  const int core = conditions.core >= 0 ? conditions.core : sched_getcpu();
  for (unsigned i = 0; i < conditions.busy; ++i) {
    const pid_t pid = start_busy(i, core, launcher);
    if (pid > 0) busy_.push_back(pid);
  }
}

Surroundings::~Surroundings() {
  for (const pid_t pid : busy_) {
    // The end of the run has ended all children of the launcher: then this is nobody's.
    if (waitpid(pid, nullptr, WNOHANG) == 0 && kill(pid, SIGKILL) == 0) waitpid(pid, nullptr, 0);
  }
  for (const int fd : descriptors_) close(fd);
  rlimit stack{};
  getrlimit(RLIMIT_STACK, &stack);
  stack.rlim_cur = stack_limit_before_;
  setrlimit(RLIMIT_STACK, &stack);
  personality(static_cast<unsigned long>(personality_before_));
}

}  // namespace detsim
