#include "launcher/explore/property_totals.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace detsim {
namespace {

constexpr std::size_t kTextMax = 60'000;  // of one run

}  // namespace

std::vector<PropertyCount> properties_of(const FaultOutcome& outcome) {
  std::vector<PropertyCount> counts;
  for (const auto& property : outcome.properties) {
    counts.push_back({property.kind, property.message, property.reached, property.held});
  }
  return counts;
}

std::string to_text(const std::vector<PropertyCount>& properties) {
  std::string text;
  for (const auto& property : properties) {
    auto message = property.message;
    for (char& c : message) c = c == '\n' ? ' ' : c;
    const auto line = fmt::format("{} {} {} {}\n", static_cast<int>(property.kind),
                                  property.reached, property.held, message);
    if (text.size() + line.size() <= kTextMax) text += line;
  }
  return text;
}

std::vector<PropertyCount> parse_properties(const std::string& text) {
  std::vector<PropertyCount> properties;
  std::istringstream lines(text);
  int kind = 0;
  for (PropertyCount property; lines >> kind >> property.reached >> property.held;) {
    lines.get();
    std::getline(lines, property.message);
    property.kind = static_cast<PropertyKind>(kind);
    properties.push_back(property);
  }
  return properties;
}

void PropertyTotals::add(const std::vector<PropertyCount>& properties) {
  for (const auto& property : properties) {
    auto& total = totals_[property.message];
    total.kind = property.kind;
    total.reached += property.reached;
    total.held += property.held;
    total.runs_reached += property.reached > 0 ? 1 : 0;
    total.runs_held += property.held > 0 ? 1 : 0;
  }
}

void PropertyTotals::merge(const PropertyTotals& other) {
  for (const auto& [message, property] : other.totals_) {
    auto& total = totals_[message];
    total.kind = property.kind;
    total.reached += property.reached;
    total.held += property.held;
    total.runs_reached += property.runs_reached;
    total.runs_held += property.runs_held;
  }
}

const char* word_of(PropertyKind kind) {
  switch (kind) {
    case PropertyKind::always: return "always";
    case PropertyKind::sometimes: return "sometimes";
    case PropertyKind::reachable: return "reachable";
    case PropertyKind::unreachable: return "unreachable";
    case PropertyKind::none: break;
  }
  return "";
}

nlohmann::ordered_json json_of(const PropertyTotals& totals) {
  auto properties = nlohmann::ordered_json::array();
  for (const auto& [message, total] : totals.by_message()) {
    properties.push_back({{"property", message},
                          {"kind", word_of(total.kind)},
                          {"reached", total.reached},
                          {"held", total.held},
                          {"runs_reached", total.runs_reached},
                          {"runs_held", total.runs_held},
                          {"missing", total.is_missing()}});
  }
  return properties;
}

std::string words_of(const std::string& message, const PropertyTotal& total) {
  if (total.reached == 0) return fmt::format("'{}' is never reached", message);
  return fmt::format("'{}' never holds: it is reached {} times in {} runs", message, total.reached,
                     total.runs_reached);
}

}  // namespace detsim
