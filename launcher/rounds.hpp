// What comes after the command of a run: the machine starts again with what its disk kept, and runs
// the command once more or, in the end, that of --then.
//
//   - without --then and --crashes a run is over when its command is, or its power was cut;
//   - --crashes N: the command is started again after each cut, and there are at most N cuts;
//   - --then CMD: when the command has ended by itself, or there is nothing that starts it again,
//     `sh -c CMD` has the last word, its exit status is the run's. Nothing strikes it.
//
// A run that detsim stopped (a deadlock, a limit, a property) ends there.
#pragma once
#include <cstdint>

#include "launcher/run.hpp"

namespace detsim {

enum class Next : std::uint8_t { nothing, command, recovery };

/// What comes after a round that ended like this.
Next next_round(const RunOptions& options, const RunResult& result);

/// The machine starts again after `result`: everything volatile is gone from the world. No process
/// of the run exists.
void start_again(World& world, Next next, const RunOptions& options, const RunResult& result);

}  // namespace detsim
