// Commands measured from outside.
#pragma once
#include <optional>
#include <string>
#include <vector>

struct Usage {
  double wall_ns = 0;
  double cpu_ns = 0;  // user and system, of the command and all it waited for
  std::string output;
};

using Command = std::vector<std::string>;

/// Runs it once; nothing when it failed. `pinned`: on one processor.
std::optional<Usage> measure(const Command& command, bool pinned = false);

/// The resident memory of the innermost descendant of a command that waits for its input, in
/// bytes; 0: it cannot be told.
double resident_bytes(const Command& command);

bool is_installed(const std::string& program);
