#include "launcher/explore/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "launcher/say.hpp"

namespace detsim {

void Progress::show(const std::function<std::string()>& words, bool is_last) {
  if (is_quiet_) return;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  const auto now = std::chrono::steady_clock::now();
  const auto every = terminal ? std::chrono::milliseconds(200) : std::chrono::seconds(10);
  if (is_last ? !terminal : now - said_ < every) return;
  said_ = now;
  if (!terminal) return say(words());
  fmt::print(stderr, "\r\033[Kdetsim: {}{}", words(), is_last ? "\n" : "");
  std::fflush(stderr);
}

void clear_progress() {
  if (isatty(STDERR_FILENO) == 1) fmt::print(stderr, "\r\033[K");
}

void say_over_progress(const std::string& words) {
  clear_progress();
  say(words);
}

}  // namespace detsim
