// What a program said of itself by include/detsim/sdk.h, or by the Antithesis SDK: properties, and
// how often they were reached and held.
#pragma once
#include <cstdint>

namespace detsim {

enum class PropertyKind : std::uint8_t { none, always, sometimes, reachable, unreachable };

constexpr unsigned kPropertiesMax = 1024, kPropertyBytes = 120;
struct Property {
  PropertyKind kind = PropertyKind::none;
  char message[kPropertyBytes] = {};
  std::uint64_t reached = 0, held = 0;
};

struct Properties {
  std::uint32_t used = 0;
  Property each[kPropertiesMax];
};

/// Where they are, from the plan's beginning on.
constexpr std::uint64_t kPropertiesOffset = 63ull << 25;

/// Counts that a property was reached. One more than there is room for is not counted.
void count_property(Properties& properties, PropertyKind kind, const char* message, bool held);

}  // namespace detsim
