#include "launcher/watchdog.hpp"

#include <signal.h>
#include <time.h>

#include <algorithm>

#include "scheduler/spin_words.hpp"

namespace detsim {
namespace {

// The first search of a run comes late, since most runs never spin; those that do, do it often.
constexpr std::uint64_t kPatience_ns = 20'000'000, kPatienceOnceSpun_ns = 1'000'000;
constexpr std::uint64_t kPatienceMax_ns = 4'000'000'000;
constexpr std::uint64_t kLook_ns = 10'000'000, kLookOnceSpun_ns = 1'000'000;
// A step costs some microseconds; so a search takes a small part of the time between two.
constexpr std::uint32_t kSteps = 256, kStepsMax = 65536;

std::uint64_t cpu_ns_of(pid_t pid) {
  clockid_t clock;
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t load(const std::uint64_t& word) { return __atomic_load_n(&word, __ATOMIC_RELAXED); }

std::uint64_t pulse_of(const World& world) {
  return load(world.entered) + load(world.turns) + load(world.scheduler.now_ns);
}

}  // namespace

std::uint64_t Watchdog::look(const World& world) {
  const bool spun = load(world.spins) != 0;
  const auto again_ns = spun ? kLookOnceSpun_ns : kLook_ns;
  const auto holder =
      static_cast<pid_t>(__atomic_load_n(&world.running_real_pid, __ATOMIC_RELAXED));
  const auto pulse = pulse_of(world);
  if (holder <= 0) return again_ns;
  const auto cpu_ns = cpu_ns_of(holder);
  if (pulse != pulse_ || holder != holder_) {
    pulse_ = pulse;
    holder_ = holder;
    since_ns_ = cpu_ns;
    patience_ns_ = spun ? kPatienceOnceSpun_ns : kPatience_ns;
    steps_ = kSteps;
    return again_ns;
  }
  if (cpu_ns < since_ns_ + patience_ns_) return again_ns;
  since_ns_ = cpu_ns;
  patience_ns_ = std::min(2 * patience_ns_, kPatienceMax_ns);
  // The last look before the question: a call that has begun since must not be disturbed.
  if (pulse_of(world) == pulse) {
    sigqueue(holder, kNudgeSignal, {.sival_int = static_cast<int>(steps_)});
    has_asked_ = true;
  }
  steps_ = std::min(2 * steps_, kStepsMax);
  return again_ns;
}

}  // namespace detsim
