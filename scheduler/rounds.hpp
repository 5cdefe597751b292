// A run may go on when its machine went down: everything volatile is gone, the trace, the clock,
// the disk and the fault plan go on, and a new root process starts. The launcher begins a round
// while no process exists; the root process of the round finishes what only the shim can do.
#pragma once
#include <cstdint>

#include "scheduler/world.hpp"

namespace detsim {

constexpr std::uint32_t kLostFilesMax = 1u << 16;

/// Lies behind the choices. Zeroed memory is a run in its first round.
struct Round {
  std::uint32_t number = 0;  // 0: the first
  std::uint32_t cuts = 0;    // of power so far
  std::uint32_t rule = 0;    // of the fault plan that cut it last: its index + 1
  bool is_recovery = false;  // of --then
  std::uint32_t lost_used = 0;
  struct {
    std::uint64_t device = 0, number = 0;  // real
  } lost[kLostFilesMax];                   // files that the last cut took, or made anew
};

/// The detail of the process event that begins a round; of others it is 0, or 2^32 + a status.
constexpr std::uint64_t begins_round(std::uint32_t number) {
  return number == 0 ? 0 : 2ull << 32 | number;
}

constexpr std::uint64_t kWorldRound = kWorldChoices + (2ull << 30);
inline Round& round_of_run() { return *reinterpret_cast<Round*>(kWorldRound); }

}  // namespace detsim
