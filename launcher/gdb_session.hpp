// gdb on a run that stands still: at an event that was asked for, or where detsim stopped it. gdb
// shows its tasks and may let it go on, by gdb/detsim.py; docs/debugging.md.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/world.hpp"

namespace detsim {

// The launcher of a run ends whatever it started with the run. So the run is replayed by a child,
// and gdb belongs to the parent.
class GdbSession {
 public:
  /// `commands`: what gdb is to do, and then end; none: it asks the user.
  explicit GdbSession(std::vector<std::string> commands);
  ~GdbSession();
  GdbSession(const GdbSession&) = delete;
  GdbSession& operator=(const GdbSession&) = delete;

  /// Not empty: there can be none.
  const std::string& problem() const { return problem_; }

  /// Replays in a child, and runs gdb when it stops. `replay` gets the child's exit code; it hands
  /// look() to its run. Returns that code, or nullopt when another event was asked for (next()).
  std::optional<int> attend(const std::function<int()>& replay);
  /// In the child, for RunOptions::look. Returns when gdb lets the run go on, or has ended.
  void look(World& world);
  std::uint64_t next() const { return next_; }

 private:
  void run_gdb(pid_t target);
  [[noreturn]] void become_gdb(pid_t target) const;
  bool write_files() const;
  bool read_next();

  const std::vector<std::string> commands_;
  std::string directory_, problem_;
  int socket_ = -1;  // child: to the parent; closed there: gdb has ended
  bool has_told_ = false;
  std::uint64_t next_ = 0;
};

}  // namespace detsim
