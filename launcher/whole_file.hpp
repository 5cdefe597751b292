// A file as one string, without exceptions.
#pragma once
#include <optional>
#include <string>

namespace detsim {

// All bytes of a file, also of one whose length nobody knows before (a pipe, one in /proc). Empty:
// it cannot be opened or read, and errno says why. Unlike a stream's iterator it never throws:
// what a process tells of itself in /proc can be opened, and be gone (ESRCH) when it is read.
std::optional<std::string> whole_file(const std::string& path);

}  // namespace detsim
