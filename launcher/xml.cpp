#include "launcher/xml.hpp"

namespace detsim {

std::string xml_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        // XML 1.0 has no other control characters, and no bytes that are no UTF-8.
        out += (c >= 0 && c < 32 && c != '\n' && c != '\t') || c < 0 ? '?' : c;
    }
  }
  return out;
}

}  // namespace detsim
