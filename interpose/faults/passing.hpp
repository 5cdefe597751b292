// Calls that the plan lets pass, cheaply: a program that writes to a file a million times asks the
// same rules a million times.
//
// When nothing struck a call on a regular file, it is remembered which rules it was an opportunity
// of. The next such call of the same task on the same file is one of the same rules; and if all of
// them are certain to let it pass (will_pass() of faultplan/decision.hpp), it is counted, and that
// is all. Only what can be told from number and descriptor is remembered: no plan that strikes
// after calls, no rule that asks for a process or a time.
#pragma once
#include "interpose/faults/points.hpp"

namespace detsim {

/// Whether the current call is one of the remembered and passes; then it was counted.
bool passes_as_before(const Frame& f);

/// The rules that a call was an opportunity of.
class Opportunities {
 public:
  /// This rule was asked, and counted the call or not.
  void add(const FaultRule& rule, bool was_counted);
  /// This one was not, and may be at another time.
  void add_later(const FaultRule& rule);
  /// Nothing struck: remembers them, if the next call like this one is sure to be an opportunity of
  /// the same.
  void remember(const Moment& moment) const;

 private:
  static constexpr unsigned kMax = 8;
  std::uint8_t rules_[kMax] = {};
  unsigned count_ = 0;
  bool may_change_ = false;
  bool has_path_ = false;
  friend bool passes_as_before(const Frame& f);
};

}  // namespace detsim
