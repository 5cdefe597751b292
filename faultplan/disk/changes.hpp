// Which change builds on which: the order that no file system breaks.
//
// A later change needs an earlier one if both are about the same name in the same directory; if the
// earlier one made, moved or removed a directory that the later one is about or works in; or if the
// later one moves or removes a directory that the earlier one worked in. Truncations of one file
// need each other. All else is free, and for the profile to order.
#pragma once
#include "faultplan/disk/state.hpp"

namespace detsim {

/// What a change touches and what it would have had to find, as keys.
struct ChangeKeys {
  static constexpr unsigned kMax = 8;
  std::uint64_t touches[kMax];
  std::uint64_t finds[kMax];
  unsigned touched = 0, found = 0;
};

/// A later change needs an earlier one if it finds a key that the earlier one touches.
ChangeKeys keys_of(const ChangeRecord& change, const char* name, const char* to_name);

}  // namespace detsim
