// What calls leave behind in the kernel that rewinding cannot put back (docs/rewinding.md).
#pragma once

namespace detsim {

/// Whether the run made a call of that kind (watch_call()).
bool is_spoiled();

/// At the place where copies begin: which descriptors are open.
void note_descriptors();
/// Closes those that were not.
void close_new_descriptors();

}  // namespace detsim
