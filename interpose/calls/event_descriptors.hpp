// eventfd, and the descriptors that are eventfds underneath: timerfd and signalfd. Those become
// ready in virtual time, and are told so when somebody is about to look.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// Makes the kernel's view of the current process's timerfds and signalfds what it should be.
/// To be called before the kernel is asked what is ready.
void show_backed();
/// Whether the current process has any.
bool has_backed();
/// A fresh descriptor over an eventfd, with an object of this kind; or the error.
long make_backed(DescriptorKind kind, bool nonblocking, bool close_on_exec);
/// The eventfd underneath shows `shown`: not ready.
void hide_backed(int fd, IoObject& object);

/// read(2) of a signalfd: as many signalfd_siginfo as fit and are pending; -EAGAIN: none.
long take_signals(int fd, IoObject& object, void* to, std::size_t bytes);

}  // namespace detsim
