// A copy of a directory with everything below it, as a program that works in it would see it:
// contents, holes, modes, owners, times, extended attributes, links (hard ones too), FIFOs and
// devices. Sockets are made anew. Names are taken in order, so that two copies are alike.
#pragma once
#include <cstdint>
#include <set>
#include <string>

namespace detsim {

struct CopiedTree {
  std::uint64_t bytes = 0;   // that were copied; what shares blocks with the original not counted
  std::uint64_t shared = 0;  // bytes that share blocks with the original (FICLONE)
  std::uint64_t files = 0;
  std::string problem;  // not empty: what could not be copied, and why
};

struct LeftOut {
  std::string prefix;           // entries whose names begin with it, wherever they are
  std::set<std::string> paths;  // absolute, without links
};

/// Copies what is below `from` into the directory `to`, which exists and is empty, and gives it
/// `from`'s attributes. Other file systems' contents are left out; what may not be read is a
/// problem, and ends it; what is removed meanwhile was never there.
/// Nothing tells whether there is something at a path that is left out: the directory around it was
/// last written when the youngest of its other entries was.
CopiedTree copy_tree(const std::string& from, const std::string& to, const LeftOut& left_out);

}  // namespace detsim
