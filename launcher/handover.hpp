// Hands the world to a process of the run that may not open it through /proc.
#pragma once
#include <sys/types.h>

namespace detsim {

/// Sends the world's descriptor to the socket that `process` knows by the number `fd`. When that
/// fails the process finds nothing to receive, and says so.
void send_world(pid_t process, int fd);

}  // namespace detsim
