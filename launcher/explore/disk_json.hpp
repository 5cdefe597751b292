// The disk of a run, and what comes after its command, as kept failures, banks of seeds and result
// directories have them.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "launcher/run.hpp"

namespace detsim {

/// An object with what the options said, and nothing else; empty: they said nothing.
nlohmann::ordered_json disk_json_of(const RunOptions& options);
/// Options as disk_json_of() found them. Throws nlohmann's exceptions for what is none.
void read_disk_json(const nlohmann::ordered_json& json, RunOptions& options);

}  // namespace detsim
