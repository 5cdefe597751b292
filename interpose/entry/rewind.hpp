// Rewinding (docs/rewinding.md): a copy of a parked process whose run is over is put back to where
// it started, and does another run.
#pragma once
#include <cstdint>

#include "interpose/entry/frame.hpp"
#include "scheduler/park.hpp"

namespace detsim {

struct Registers {  // that calls preserve, and where to go on
  std::uint64_t preserved[6], stack, address;
};
extern "C" int detsim_remember_place(Registers*) __attribute__((returns_twice));

/// In the parked process, before it is copied: whether it has to keep anew what copies are put
/// back to. Then, in the frame where a copy goes on:
///    if (detsim_remember_place(&start_registers()) != 0) { begin_again(); return; }
///    keep_start();
bool is_start_outdated();
Registers& start_registers();
void keep_start();
/// In a process that was put back: it takes the world over.
void begin_again();
bool has_begun_again();
/// This process stands elsewhere now: copies of it are not put back.
void forget_start();

/// Before a call is carried out: notes if it leaves behind what cannot be put back.
void watch_call(const Frame& f);
inline bool watches_calls() { return park_control().rewinds; }

/// At the end of the run, when the world says so: puts the process back, tells the launcher, and
/// waits for the next run. Returns when it cannot be put back: nobody was told.
void rewind(int exit_code);

}  // namespace detsim
