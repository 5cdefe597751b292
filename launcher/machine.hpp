// What this machine offers. Probes try the thing itself, in a child where it would leave traces.
#pragma once
#include <string>
#include <vector>

namespace detsim {

enum class Offer { yes, limited, no };

struct Finding {
  std::string name;
  Offer offer = Offer::yes;
  std::string words;  // what it is; where it is limited or missing, what that means, what to do
};

/// All findings, in the order in which a run needs them.
std::vector<Finding> look_at_machine();

/// Whether this kernel lets a process trap its own system calls (Linux 5.11; containers may
/// forbid it). Nothing runs without.
bool offers_user_dispatch();

}  // namespace detsim
