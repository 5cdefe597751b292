#include "interpose/faults/pieces.hpp"

#include "interpose/base/user.hpp"

namespace detsim {
namespace {

std::uint64_t& extent_register(const Moment& moment) {
  auto& f = moment.frame;
  switch (moment.point.extent) {
    case Extent::r8: return f.r8;
    case Extent::r10: return f.r10;
    default: return f.rdx;
  }
}

}  // namespace

UserPieces::UserPieces(const Moment& moment) {
  const auto& f = moment.frame;
  if (moment.point.extent == Extent::rdx) {
    pieces_[0] = {reinterpret_cast<char*>(f.rsi), f.rdx};
    count_ = 1;
  } else if (moment.point.extent == Extent::vector) {
    count_ = f.rdx < kMax ? f.rdx : kMax;
    if (!copy_from_user(pieces_, reinterpret_cast<const void*>(f.rsi), count_ * sizeof(Piece))) {
      count_ = 0;
    }
  }
}

void* UserPieces::at(std::uint64_t place) const {
  for (std::uint64_t i = 0; i < count_; ++i) {
    if (place < pieces_[i].bytes) return pieces_[i].base + place;
    place -= pieces_[i].bytes;
  }
  return nullptr;
}

std::uint64_t UserPieces::bytes() const {
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < count_; ++i) total += pieces_[i].bytes;
  return total;
}

std::uint64_t bytes_asked(const Moment& moment) {
  if (moment.point.extent == Extent::none) return 0;
  if (moment.point.extent == Extent::vector) return UserPieces(moment).bytes();
  return extent_register(moment);
}

Shortened::Shortened(Moment& moment, std::uint64_t bytes)
    : moment_(moment), before_(moment.frame), pieces_(moment) {
  if (moment.point.extent != Extent::vector) {
    extent_register(moment) = bytes;
    return;
  }
  std::uint64_t count = 0;
  for (; count < pieces_.count_ && bytes != 0; ++count) {
    auto& piece = pieces_.pieces_[count];
    if (piece.bytes > bytes) piece.bytes = bytes;
    bytes -= piece.bytes;
  }
  moment.frame.rsi = reinterpret_cast<std::uint64_t>(pieces_.pieces_);
  moment.frame.rdx = count;
}

Shortened::~Shortened() {
  moment_.frame.rsi = before_.rsi;
  moment_.frame.rdx = before_.rdx;
  moment_.frame.r10 = before_.r10;
  moment_.frame.r8 = before_.r8;
}

}  // namespace detsim
