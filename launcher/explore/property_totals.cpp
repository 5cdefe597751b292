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

std::vector<std::string> PropertyTotals::missing() const {
  std::vector<std::string> messages;
  for (const auto& [message, total] : totals_) {
    if (total.is_missing()) messages.push_back(message);
  }
  return messages;
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

std::string console_text(const PropertyTotals& totals) {
  std::string text;
  for (const auto& [message, total] : totals.by_message()) {
    if (!total.is_missing()) continue;
    text += total.reached == 0
                ? fmt::format("    {}: never reached\n", message)
                : fmt::format("    {}: reached {} times in {} runs, and held in none\n", message,
                              total.reached, total.runs_reached);
  }
  return text.empty() ? "" : "\nWHAT SHOULD HAPPEN SOMETIMES, AND DID IN NO RUN\n" + text;
}

}  // namespace detsim
