// Opening a FIFO waits for somebody at the other end (fifo(7)).
#pragma once
#include <sys/stat.h>

namespace detsim {

/// Opens the FIFO at `path`, of which `status` tells, with flags as open(2) takes them.
long open_fifo(long directory, const char* path, int flags, const struct stat& status);

}  // namespace detsim
