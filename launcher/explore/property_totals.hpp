// What a program says of itself (include/detsim/sdk.h) over many runs: a DETSIM_SOMETIMES that held
// in none of them, and a DETSIM_REACHABLE that none came to, are failures of the exploration.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "launcher/fault_outcome.hpp"

namespace detsim {

/// One property in one run.
struct PropertyCount {
  PropertyKind kind = PropertyKind::none;
  std::string message;
  std::uint64_t reached = 0, held = 0;
};

std::vector<PropertyCount> properties_of(const FaultOutcome& outcome);

/// As one text, for the way from a worker; a line each.
std::string to_text(const std::vector<PropertyCount>& properties);
std::vector<PropertyCount> parse_properties(const std::string& text);

struct PropertyTotal {
  PropertyKind kind = PropertyKind::none;
  std::uint64_t reached = 0, held = 0;
  std::uint64_t runs_reached = 0, runs_held = 0;
  /// It should have held in some run, and did in none.
  bool is_missing() const {
    return held == 0 && (kind == PropertyKind::sometimes || kind == PropertyKind::reachable);
  }
};

class PropertyTotals {
 public:
  void add(const std::vector<PropertyCount>& properties);
  /// Those of other runs.
  void merge(const PropertyTotals& other);
  bool empty() const { return totals_.empty(); }
  const std::map<std::string, PropertyTotal>& by_message() const { return totals_; }

 private:
  std::map<std::string, PropertyTotal> totals_;
};

const char* word_of(PropertyKind kind);
nlohmann::ordered_json json_of(const PropertyTotals& totals);
/// Why it is missing.
std::string words_of(const std::string& message, const PropertyTotal& total);

}  // namespace detsim
