// Words from inside the target process: straight to descriptor 2, neither allocated nor locked.
#pragma once
#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"

namespace detsim {

/// Writes "detsim: ..." to standard error.
template <typename... Parts>
void say(Parts... parts) {
  Text<1024> text;
  text << "detsim: ";
  (text << ... << parts) << '\n';
  raw(__NR_write, 2, text.data(), text.size());
}

/// Ends the whole run with exit status 125: detsim itself failed or cannot go on.
[[noreturn]] void end_run_as_failed(const char* message);

template <typename... Parts>
[[noreturn]] void fatal(Parts... parts) {
  Text<480> text;
  (text << ... << parts);
  end_run_as_failed(text.data());
}

}  // namespace detsim
