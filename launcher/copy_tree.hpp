// A copy of a directory with everything below it, as a program that works in it would see it:
// contents, holes, modes, owners, times, extended attributes, links (hard ones too), FIFOs and
// devices. Sockets are made anew. Names are taken in order, so that two copies are alike.
#pragma once
#include <cstdint>
#include <string>

namespace detsim {

struct CopiedTree {
  std::uint64_t bytes = 0;   // that were copied; what shares blocks with the original not counted
  std::uint64_t shared = 0;  // bytes that share blocks with the original (FICLONE)
  std::uint64_t files = 0;
  std::string problem;  // not empty: what could not be copied, and why
};

/// Copies what is below `from` into the directory `to`, which exists and is empty, and gives it
/// `from`'s attributes. Entries whose names begin with `skip` are left out; so are other file
/// systems' contents. What may not be read is a problem, and ends it.
CopiedTree copy_tree(const std::string& from, const std::string& to, const std::string& skip);

}  // namespace detsim
