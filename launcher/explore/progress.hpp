// How far something is: one line that is written over on a terminal, elsewhere one every ten
// seconds.
#pragma once
#include <chrono>
#include <functional>
#include <string>

namespace detsim {

class Progress {
 public:
  explicit Progress(bool is_quiet) : is_quiet_(is_quiet) {}
  /// The words are made only when they are shown. On a terminal the last ones stay.
  void show(const std::function<std::string()>& words, bool is_last = false);

 private:
  bool is_quiet_;
  std::chrono::steady_clock::time_point said_ = std::chrono::steady_clock::now();
};

/// Where the line of progress may stand.
void clear_progress();
void say_over_progress(const std::string& words);

}  // namespace detsim
