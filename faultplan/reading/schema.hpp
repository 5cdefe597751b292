// The JSON schema of plan files, made from the catalogue.
#pragma once
#include <string>

namespace detsim {

/// Draft 2020-12, as text.
std::string plan_schema();

}  // namespace detsim
