// What the current call does, and what it does it to: what rules look at.
#pragma once
#include "faultplan/decision.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/descriptors.hpp"

namespace detsim {

inline FaultState& fault_state() { return *reinterpret_cast<FaultState*>(kWorldFaults); }
/// Behind it, for the shim alone.
constexpr std::uint64_t kWorldFileMarks = kWorldFaults + (1ull << 30);       // see marks.cpp
constexpr std::uint64_t kWorldFileScopes = kWorldFaults + (3ull << 29);      // see strike.cpp
constexpr std::uint64_t kWorldTimerMarks = kWorldFaults + (7ull << 28);      // see clocks.cpp
constexpr std::uint64_t kWorldHeldDatagrams = kWorldFaults + (15ull << 27);  // see net.cpp
constexpr std::uint64_t kWorldPast = kWorldFaults + (31ull << 26);           // see stale.cpp
inline bool has_fault_plan() { return fault_state().rules_used != 0; }
/// Whether clocks may show something else than virtual time.
inline bool has_moved_clocks() { return fault_state().moves_clocks; }

/// Where a call's descriptor or path is among its arguments, and where its count of bytes.
enum class Target : std::uint8_t {
  nothing,
  fd,
  fd_out,
  fd_map,
  path,
  at,
  link_at,
  paths,
  paths_at,
  mapping
};
enum class Extent : std::uint8_t { none, rdx, vector, message, r8, r10 };

struct Point {
  OpSet ops = bit_of(Op::any);
  Target target = Target::nothing;
  Extent extent = Extent::none;
};

/// All that a call may do, whatever its arguments are.
OpSet possible_ops(std::uint64_t number);

/// Whether what the call does depends on more of its arguments than what its descriptor is.
bool depends_on_arguments(std::uint64_t number);

/// The row of a call; one that does nothing but `any` when it has none.
const Point& point_of(std::uint64_t number);

/// One call of the current task under a plan.
struct Moment {
  Moment(const Call& call_made, Frame& registers);

  const Call& call;
  Frame& frame;
  const Point& point;
  OpSet ops;  // with what only the arguments tell
  Subject subject = Subject::none;
  int fd = -1;
  Descriptor descriptor;
  Inode* file = nullptr;  // of a descriptor of a regular file

  FaultRule* rule = nullptr;  // that strikes now
  Timing timing = Timing::before;
  bool answered = false;  // the call's handler is not to be called any more
  long result = 0;
  int error = 0;            // for the list of strikes
  std::uint64_t value = 0;  // the same
  bool is_noted = false;    // there already

  /// Absolute, without links where the kernel knows; "" when there is none. Found when asked for.
  const char* path();
  /// Where a rename or a copy comes from; "" when there is none.
  const char* other_path();
  /// Calls the handler, and answers with its result.
  void carry_out();
  /// Answers with an errno.
  void fail(int number);

 private:
  void find_paths();
  std::uint64_t entered_;
};

}  // namespace detsim
