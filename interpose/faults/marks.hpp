// Places of files that a fault has spoilt: bytes that read as others, sectors that cannot be read.
// They stay so for every reader by read(2) and its relatives until they are written anew; mappings
// do not see them. The files themselves are as they were.
#pragma once
#include "interpose/faults/points.hpp"

namespace detsim {

enum class MarkKind : std::uint8_t { none, changed, unreadable };

/// Spoils bytes [begin, end) of the moment's file; `flip` is xored to each of them. False: there is
/// no room for more.
bool mark_file(Moment& moment, MarkKind kind, std::uint64_t begin, std::uint64_t end,
               std::uint8_t flip);

/// Where in its file the call reads or writes; of one that was answered: where it did. False: it
/// has no such place.
bool find_offset(const Moment& moment, std::uint64_t& offset);

/// Calls the handler; what it reads is spoilt by the marks there, what it writes takes them away.
void carry_out_over_marks(Moment& moment);

}  // namespace detsim
