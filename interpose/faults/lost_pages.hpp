// Pages of mappings that cannot be read (disk.read_fail). Each is a mapping of its own for the
// kernel, and mremap takes no range of several: it is carried out for each part.
#pragma once
#include "interpose/faults/points.hpp"

namespace detsim {

/// The mapping has lost the page at this address.
void note_lost_page(std::uint64_t address);

/// Whether the call is an mremap of a range in which a page was lost.
bool remaps_lost_pages(const Frame& f);

/// Carries it out, after the kernel has refused it as a whole: result or -errno. A mapping whose
/// last page is lost cannot grow (ENOMEM): what comes behind it would be lost, too.
long remap_in_parts(const Call& call, const Frame& f);

}  // namespace detsim
