// The call table as the launcher needs it: names, numbers and words of interpose/calls/calls.def.
#pragma once
#include <string>
#include <vector>

namespace detsim {

enum class CallSupport { modelled, passed, refused };

struct CallRow {
  int number = 0;
  const char* name = "";
  CallSupport support = CallSupport::modelled;
  bool seen_by_others = false;  // a scheduling point
  int error = 0;                // of a refused call
  const char* words = "";
  bool names_file = false;  // by a path, or lists a directory
};

/// In the order of their numbers.
const std::vector<CallRow>& call_rows();

}  // namespace detsim
