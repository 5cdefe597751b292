// Changes to what an epoll instance watches, kept back for as long as nobody could tell.
//
// An event loop that takes a descriptor out of its set and puts it in again for the other
// direction (hiredis at every request and every reply) makes a call, and allocates, for what comes
// to one modification. Such a change is kept until the process makes another call, and is joined
// with a next one of the same descriptor.
//
// Invariants:
//   - only an instance is changed late that nobody but this task has, or ever had, and that is in
//     no other instance's set: nobody can look at it but by a call, before which it is changed;
//   - only the change of a registration that is known to be there (the descriptor's entry says
//     so) is kept, so that the answer is known to be 0.
#pragma once
#include <linux/eventpoll.h>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// Whether the change was taken over: its result is 0.
bool keep_epoll_change(int epoll, int operation, int fd, const void* event);

/// Carries out what was kept.
void make_epoll_changes();

/// The kernel carried out a change: whether the registration is known to be there from now on.
void note_epoll_change(int epoll, int operation, int fd, const void* event);

}  // namespace detsim
