// Names of files that are detsim's own, and are shown to no target.
#pragma once

namespace detsim {

/// Directories of private views, in the directory for temporary files (launcher/private_view.hpp).
constexpr const char* kViewPrefix = "detsim-view-";

}  // namespace detsim
