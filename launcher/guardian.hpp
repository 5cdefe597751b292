// Sees to it that no process of a run outlives a launcher that was killed.
//
// The kernel ends the root process with the launcher (PR_SET_PDEATHSIG), but not those that it
// started: they would wait for their turn for ever. From the second process on a run has a
// guardian: a process that waits for the end of a pipe that only the launcher holds, and then kills
// whatever has the world mapped. It is the launcher's child, so it goes with the run.
#pragma once
#include <sys/types.h>

namespace detsim {

class Guardian {
 public:
  Guardian() = default;
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  /// Once. `world_fd` is the world's descriptor. Without a guardian the run goes on as well.
  void start(int world_fd);
  bool started() const { return started_; }

 private:
  bool started_ = false;
  pid_t pid_ = -1;
  int write_end_ = -1;
};

}  // namespace detsim
