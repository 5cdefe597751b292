// One run whose output is kept: what explore, replay and bisect do with a target. Its standard
// output and standard error are files in memory, its input is empty, so that it behaves in the
// same way for all three.
#pragma once
#include <cstdio>
#include <functional>
#include <optional>
#include <string>

#include "launcher/explore/failure.hpp"

namespace detsim {

struct KeptRun {
  RunResult result;
  std::optional<Failure> failure;
  std::string output, error;  // of the target
  std::string words;          // detsim's own: reports
  std::uint64_t wall_ns = 0;
  std::optional<StopFacts> facts;   // when detsim stopped it
  std::optional<CrashFacts> crash;  // of the last process that crashed, if one did
};

class Runner {
 public:
  Runner();
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Not empty: nothing can be run.
  const std::string& problem() const { return problem_; }
  /// `options`' descriptors, words, look and quietness are overwritten.
  /// `look` sees the world of a run that detsim stopped, while its processes exist.
  KeptRun run(RunOptions options, const std::function<void(World&)>& look = {});
  /// A digest of the output of the last run.
  std::uint64_t output_digest() const { return output_digest_; }

 private:
  void take_view(RunOptions& options, RunResult& result);

  int input_ = -1, output_ = -1, error_ = -1, words_fd_ = -1;
  std::FILE* words_ = nullptr;
  std::string problem_;
  std::uint64_t output_digest_ = 0;
  std::shared_ptr<PrivateView> view_;
  std::vector<PrivateDirectory> viewed_;  // what it was made of
  std::vector<std::string> command_;
};

}  // namespace detsim
