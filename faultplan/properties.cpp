#include "faultplan/properties.hpp"

#include "faultplan/text.hpp"

namespace detsim {
namespace {

bool is_same(const char* kept, const char* message) {
  for (unsigned i = 0; i + 1 < kPropertyBytes; ++i) {
    if (kept[i] != message[i]) return false;
    if (kept[i] == 0) return true;
  }
  return true;
}

}  // namespace

void count_property(Properties& properties, PropertyKind kind, const char* message, bool held) {
  std::uint32_t i = 0;
  while (i < properties.used &&
         !(properties.each[i].kind == kind && is_same(properties.each[i].message, message))) {
    ++i;
  }
  if (i == kPropertiesMax) return;
  auto& property = properties.each[i];
  if (i == properties.used) {
    ++properties.used;
    property.kind = kind;
    copy_text_to(property.message, message, kPropertyBytes);
  }
  ++property.reached;
  if (held) ++property.held;
}

}  // namespace detsim
