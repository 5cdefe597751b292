// What surrounds a run and must not matter to it: `check` varies it from run to run.
//
// Everything here is something that differs between two machines, two shells or two minutes of
// one machine. The target is promised not to see it, so a difference that it makes is a bug of
// detsim's.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace detsim {

struct Conditions {
  std::size_t environment_pad = 0;  // bytes in front of the environment
  unsigned directory_depth = 0;     // from how deep a directory the launcher starts the target
  unsigned long personality = 0;    // of the launcher: PER_LINUX, with address randomisation
  std::size_t stack_limit = 0;      // soft limit of the launcher; 0: as it is
  unsigned descriptors = 0;         // that the launcher has open beside its own
  unsigned busy = 0;                // processes that compete for the core
  int core = -1;                    // that the run is pinned to; -1: where the launcher is
};

/// The conditions of run number `run`, counted from 0. Run 0 is undisturbed, as `detsim run` is.
Conditions conditions_of(unsigned run);

/// "environment +3988 bytes, started 3 directories down, ..."; "undisturbed".
std::string words_of(const Conditions& conditions);

/// Brings the conditions about for as long as it exists, as far as they are this process's own.
/// The rest is in RunOptions (run.hpp).
class Surroundings {
 public:
  /// `directory`: where deeper directories can be made.
  Surroundings(const Conditions& conditions, const std::string& directory);
  ~Surroundings();
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

  /// Where the launcher is to be when it starts the target; empty: where it is.
  const std::string& start_directory() const { return start_directory_; }

 private:
  int personality_before_ = -1;
  std::size_t stack_limit_before_ = 0;
  std::string start_directory_;
  std::vector<int> descriptors_;
  std::vector<pid_t> busy_;
};

}  // namespace detsim
