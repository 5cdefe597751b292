// Standard input of the runs of a comparison: the same for each.
//
// A file is opened anew for each run. What comes through a pipe is read once, by the first run as
// far as that run wants it, and given again to the others. A terminal is not read at all: nobody
// types the same thing several times.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <thread>

namespace detsim {

class RepeatedInput {
 public:
  /// `directory`: for the copy of what comes through a pipe.
  explicit RepeatedInput(const std::string& directory);
  ~RepeatedInput();
  RepeatedInput(const RepeatedInput&) = delete;
  RepeatedInput& operator=(const RepeatedInput&) = delete;

  /// The descriptor for the next run; -1: `problem` says why there is none.
  int begin(std::string& problem);
  /// After the run's processes have ended.
  void end();
  /// What went wrong while the input was passed on, in one line; empty: nothing.
  const std::string& problem() const { return problem_; }

 private:
  enum class Kind { closed, nothing, shared, file, pipe };

  void pass_on();
  bool give(const char* data, std::size_t bytes);
  /// Waits until there is something to read and room to give it; false: the run is over.
  bool wait_until_both_ready(int from);

  Kind kind_ = Kind::nothing;
  const std::string directory_;
  off_t start_ = 0;          // of a file: where it stood
  int copy_ = -1;            // of what came through the pipe
  std::uint64_t known_ = 0;  // bytes in the copy
  bool ended_ = false;       // the end of the input was seen
  int given_ = -1;           // this run's descriptor
  int write_end_ = -1, stop_ = -1;
  std::string problem_;
  std::thread thread_;
};

}  // namespace detsim
