// The call table: one row per syscall (calls.def), reached through every door.
//
// A handler takes the call's own arguments and returns what the kernel would: a result, or
// -errno. It may wait in the middle (wait_for): it then goes on as the same call. Only the
// target's libc turns results into errno.
#pragma once
#include <asm/unistd.h>

#include <cstddef>
#include <cstdint>

#include "interpose/entry/frame.hpp"
#include "scheduler/world.hpp"

namespace detsim {

/// What the kernel uses inside to say "restart after a signal" (linux/errno.h); they never reach
/// the target.
constexpr long kRestartSys = -512;    // restart if the handler has SA_RESTART, else EINTR
constexpr long kRestartNever = -514;  // EINTR after any handler
constexpr bool is_restart(long result) { return result == kRestartSys || result == kRestartNever; }
/// The handler set the whole frame itself (sigreturn, exec).
constexpr long kFrameIsSet = -1024;
/// An internal number: nothing is asked for but the delivery of signals.
constexpr std::uint64_t kNullCall = 0x64657473696d0001;  // entry.S uses it too

enum class Support : std::uint8_t { unknown, modelled, passed, refused };

/// Whether another task could observe the call, which makes it a scheduling point. by_sharers: only
/// one that has the descriptor too which is the first argument.
enum class Seen : std::uint8_t { by_nobody, by_sharers, by_others };

using Handler = long (*)(Frame&);

struct Call {
  const char* name = nullptr;
  const char* words = "";
  Handler handler = nullptr;
  Support support = Support::unknown;
  Seen seen = Seen::by_nobody;
  int error = 0;  // of a refused call
};

constexpr std::uint32_t kCallsMax = 512;
const Call& call_of(std::uint64_t number);

/// Virtual cost of an entered call.
constexpr std::uint64_t kCallCostNs = 200;

/// The call's registers, for handlers that need more than the arguments.
Frame& current_frame();

namespace model {
#define MODEL(name, parameters, seen, words) long name parameters;
#define PASS(name, seen, words)
#define REFUSE(name, error, words)
#include "interpose/calls/calls.def"
#undef MODEL
#undef PASS
#undef REFUSE
}  // namespace model

}  // namespace detsim
