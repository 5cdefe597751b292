// Words in XML.
#pragma once
#include <string>

namespace detsim {

/// For text and attributes.
std::string xml_escaped(const std::string& text);

}  // namespace detsim
