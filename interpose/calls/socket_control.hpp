// Control messages: what the kernel says about processes and time is told in the world's terms.
#pragma once
#include <sys/socket.h>

#include "interpose/calls/socket_state.hpp"

namespace detsim {

constexpr std::size_t kControlMax = 4096;

/// The world's pid of a process that the kernel knows by this one; 0: of none.
std::int32_t virtual_pid(std::int32_t real_pid);

/// Before a message goes out: pids become real ones, and what is passed is held until it arrives.
/// `control` is a copy of the target's. 0, or an error.
long prepare_control(const Socket& socket, msghdr& message);
/// The message was not sent: what was held is let go.
void take_back_control(const msghdr& message);
/// After a message came in. `peeked`: it stays in the queue.
void translate_control(msghdr& message, bool peeked);

}  // namespace detsim
