// Sees that the running task computes without a call for long, and has its process look whether
// it spins (docs/spinning.md). When it asks changes nothing but how soon a spin is found.
#pragma once
#include <sys/types.h>

#include <cstdint>

#include "scheduler/world.hpp"

namespace detsim {

class Watchdog {
 public:
  /// Looks, and says after how many nanoseconds it wants to look again.
  std::uint64_t look(const World& world);
  /// Whether it has had some process look.
  bool has_asked() const { return has_asked_; }

 private:
  std::uint64_t pulse_ = 0;  // what moved when the run did anything at all
  pid_t holder_ = 0;
  std::uint64_t since_ns_ = 0;     // the holder's CPU clock when the pulse last moved
  std::uint64_t patience_ns_ = 0;  // CPU time without a pulse until the next question
  std::uint32_t steps_ = 0;        // that the next search may take
  bool has_asked_ = false;
};

}  // namespace detsim
