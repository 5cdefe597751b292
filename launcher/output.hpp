// What the runs of a comparison write: the first run's is passed on and kept, that of later runs
// is compared with it as it comes.
//
// Every run gets pipes, also the first one: a program that writes to a terminal behaves in
// another way than one that writes to a pipe.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <thread>

namespace detsim {

struct OutputDifference {
  std::string stream;        // "standard output", ...
  std::uint64_t byte = 0;    // the first that differs, from 0
  std::uint64_t line = 1;    // it stands in this line
  std::string first, other;  // what stands there in that line, of the first run and of this one
};

/// One stream of the run.
class OutputStream {
 public:
  /// `passed_to`: the descriptor that the first run's output goes to; `directory` for the copy.
  OutputStream(std::string name, int passed_to, const std::string& directory);
  ~OutputStream();
  OutputStream(const OutputStream&) = delete;
  OutputStream& operator=(const OutputStream&) = delete;

  /// The descriptor for the next run. false as `compares`: the output is thrown away.
  int begin(bool compares = true);
  /// After the run's processes have ended: returns when all of its output was taken.
  std::optional<OutputDifference> end();
  /// Bytes of the first run that could not be kept, and so are not compared.
  std::uint64_t not_kept() const { return first_bytes_ - kept_bytes_; }

 private:
  void take_all();
  void keep(const char* data, std::size_t bytes);
  void compare(const char* data, std::size_t bytes);
  std::string kept_text(std::uint64_t from, std::size_t bytes) const;
  std::uint64_t lines_before(std::uint64_t byte) const;
  void remember(const char* data, std::size_t bytes);

  const std::string name_;
  const int passed_to_;
  int copy_ = -1;  // the first run's output
  int read_end_ = -1, write_end_ = -1;
  unsigned runs_ = 0;
  bool compares_ = true;
  bool passing_failed_ = false;
  std::uint64_t first_bytes_ = 0, kept_bytes_ = 0, run_bytes_ = 0;
  std::uint64_t differs_at_ = ~0ull;
  std::string shown_;             // of this run's current line, or the one that differs
  std::size_t before_bytes_ = 0;  // of it, in front of the difference
  bool shown_whole_ = false;
  std::thread reader_;
};

/// Standard output and standard error; one stream when they are one file here.
class Outputs {
 public:
  explicit Outputs(const std::string& directory);

  struct Descriptors {
    int output = -1, error = -1;
  };
  Descriptors begin(bool compares = true);
  /// The first stream that differs.
  std::optional<OutputDifference> end();
  /// What could not be compared, in one line; empty: everything was.
  std::string loss() const;

 private:
  const bool are_one_;
  OutputStream output_;
  OutputStream error_;
};

}  // namespace detsim
