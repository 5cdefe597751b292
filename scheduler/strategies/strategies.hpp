// What each file of this folder defines, for the list in strategy.cpp.
#pragma once
#include "scheduler/strategy.hpp"

namespace detsim {

extern const Strategy strategy_random;
extern const Strategy strategy_round_robin;
extern const Strategy strategy_pct;
extern const Strategy strategy_pos;
extern const Strategy strategy_surw;
extern const Strategy strategy_replay;

}  // namespace detsim
