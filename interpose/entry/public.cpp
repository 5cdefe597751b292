// The functions behind include/detsim.h, which finds them by name. Before the constructor has run
// and when there is no world, they answer as if detsim were not there.
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/entry/cpu.hpp"
#include "interpose/entry/prefix.hpp"
#include "interpose/entry/symbols.hpp"
#include "scheduler/world.hpp"

#define EXPORTED extern "C" __attribute__((visibility("default"), used))

namespace detsim {

EXPORTED int detsim_public_is_running(std::uint64_t* seed) {
  if (cpu().task == nullptr) return 0;
  if (seed == nullptr) return 1;
  end_prefix();
  *seed = world().config.seed;
  return 1;
}

EXPORTED void detsim_public_fork_point() { end_prefix_from_target(); }

EXPORTED void detsim_public_point(std::uint64_t object) {
  if (cpu().task == nullptr) return;
  charge(*cpu().task, kCallCostNs);
  point_from_target({OperationKind::write, object});
}

}  // namespace detsim
