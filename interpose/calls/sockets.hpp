// Sockets for the calls that know descriptors of every kind.
#pragma once
#include <cstddef>
#include <cstdint>

#include "interpose/calls/descriptors.hpp"

namespace detsim {

/// read, readv, write, writev of a socket; `pieces` has the layout of struct iovec.
long read_socket(int fd, const void* pieces, std::size_t count);
long write_socket(int fd, const void* pieces, std::size_t count);

/// ioctl of a socket that the kernel would answer for the socket underneath. False: it may.
bool socket_ioctl(int fd, std::uint64_t request, std::uint64_t argument, long& result);

}  // namespace detsim
