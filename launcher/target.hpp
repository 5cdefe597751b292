// The program to run, found and judged as execvp would find it, before anything is started.
#pragma once
#include <string>
#include <vector>

#include "interpose/base/elf_inspect.hpp"

namespace detsim {

struct Target {
  std::string path;                    // for execve
  std::vector<std::string> arguments;  // beginning with argv[0]
  std::string runtime;                 // a library that must come before the shim; empty: none

  /// Not zero: it cannot be run under detsim; what to exit with, and why in one line.
  int refused = 0;
  std::string problem;
};

/// `search_path` is the PATH that the target will have.
Target find_target(const std::vector<std::string>& command, const std::string& search_path);

/// What the file is; ProgramKind::unreadable when it cannot be read.
Inspection inspect_file(const std::string& path);

}  // namespace detsim
