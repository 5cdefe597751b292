// One fixed-size record per scheduling decision and entered call. Nothing in it depends on the
// machine, the wall clock or real pids, so two runs are the same exactly if their records are.
#pragma once
#include <cstdint>
#include <type_traits>

#include "scheduler/choice.hpp"

namespace detsim {

enum class EventKind : std::uint16_t {
  none,
  call,      // an entered call that returned: call, result, detail = digest of its arguments
  decision,  // a choice of the next task: result = the chosen tid, detail = how many could run
  start,     // a task started: result = its tid
  end,       // a task ended: result = its status
  signal,    // a signal was delivered: result = its number
  timer,     // virtual time jumped: result = nanoseconds
  fault,     // a fault struck: call = the call, result = catalogue row, detail = parameter
  process,   // a process started, exec'd or ended: result = pid, detail = what
  wake       // one of several waiters was woken: result = which, detail = of how many
};

struct Event {
  std::uint64_t time_ns = 0;  // virtual, since the start of the run
  std::int32_t tid = 0;       // virtual; the task that acted
  EventKind kind = EventKind::none;
  std::uint16_t call = 0;  // syscall number where kind is call
  std::int64_t result = 0;
  std::uint64_t detail = 0;
  std::uint64_t site = 0;  // the target's instruction that entered; 0: none
  friend bool operator==(const Event&, const Event&) = default;
};
static_assert(sizeof(Event) == 40 && std::is_trivially_copyable_v<Event>);

/// The running digest of a trace; order matters. One multiplication per word and one avalanche per
/// event: it is paid at every call.
constexpr std::uint64_t digest(std::uint64_t hash, const Event& e) {
  const auto who = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(e.tid)) << 32) |
                   (static_cast<std::uint64_t>(e.kind) << 16) | e.call;
  const auto what = (e.time_ns ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u +
                    static_cast<std::uint64_t>(e.result) * 0xa0761d6478bd642fu +
                    (e.detail ^ who) * 0xe7037ed1a0b428dbu + who;
  return mix64((hash << 1 | hash >> 63) ^ what);
}

/// The ring between the run (writer) and the launcher (reader). Both counters only grow.
constexpr std::uint64_t kRingEvents = 1u << 20;
struct TraceRing {
  bool enabled = false;  // otherwise only the digest is kept
  std::uint64_t hash = 0;
  std::uint64_t count = 0;        // events so far, written or not
  std::uint64_t stop_at = ~0ull;  // the run stops when it has recorded this one
  std::uint64_t written = 0;      // into `events`
  std::uint64_t drained = 0;      // taken out by the launcher
  std::uint32_t space_word = 0;   // futex: the launcher drained
  Event events[kRingEvents];
};

}  // namespace detsim
