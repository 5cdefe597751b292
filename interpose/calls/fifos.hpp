// Opening a FIFO waits for somebody at the other end (fifo(7)).
#pragma once

namespace detsim {

/// Opens `path` when it is a FIFO; `result` is then the call's. False: it is none, and nothing
/// was done.
bool open_fifo(long directory, const char* path, int flags, long& result);

}  // namespace detsim
