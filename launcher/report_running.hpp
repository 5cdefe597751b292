// The process that was running when the run was stopped from outside: its registers are in the
// kernel, and it is kept from running on while it is looked at.
#pragma once
#include <sys/types.h>

#include <string>

#include "launcher/unwind.hpp"
#include "scheduler/world.hpp"

namespace detsim {

class RunningProcess {
 public:
  /// Stops whoever holds the baton, for as long as this object lives, if `outcome` is one that
  /// left somebody running.
  RunningProcess(const World& world, Outcome outcome);
  ~RunningProcess();
  RunningProcess(const RunningProcess&) = delete;
  RunningProcess& operator=(const RunningProcess&) = delete;

  /// 0: none was stopped; then `problem` says why, if one should have been.
  pid_t pid() const { return pid_; }
  const std::string& problem() const { return problem_; }
  const Registers& registers() const { return registers_; }

 private:
  bool stop(pid_t pid);

  pid_t pid_ = 0;
  std::string problem_;
  Registers registers_;
};

}  // namespace detsim
