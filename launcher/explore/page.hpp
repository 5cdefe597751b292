// One self-contained page of an exploration, for a browser: docs/exploring.md. What is shown is
// the JSON of summary_json.cpp, a line per run, and the examples that were kept.
#pragma once
#include <string>

#include "launcher/explore/results.hpp"

namespace detsim {

/// The whole text of the page. `program` is argv[0].
std::string page_text(const Results& results, const std::string& program);

}  // namespace detsim
