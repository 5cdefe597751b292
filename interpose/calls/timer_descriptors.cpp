#include "interpose/calls/timer_descriptors.hpp"

namespace detsim {
void timer_descriptor_expired(OwnedTimer& timer, std::uint64_t periods) {
  timer.expirations += periods;
}
}  // namespace detsim
