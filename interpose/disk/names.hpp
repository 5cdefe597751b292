// Calls that change names on the disk: each carries the call out, and writes down what it did.
#pragma once
#include "interpose/calls/call.hpp"

namespace detsim::disk {

long open_file(const Call& call, Frame& f, int directory, std::uint64_t path, std::uint64_t flags);
/// mkdir, mknod, symlink, link, and a socket's bind: `path` is there afterwards.
long make(const Call& call, Frame& f, int directory, std::uint64_t path);
long remove(const Call& call, Frame& f, int directory, std::uint64_t path);
long rename(const Call& call, Frame& f, int from_directory, std::uint64_t from, int to_directory,
            std::uint64_t to, std::uint64_t flags);
/// The graves of files that cannot come back any more.
void empty_graves();

}  // namespace detsim::disk
