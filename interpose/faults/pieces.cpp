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
    take(reinterpret_cast<const void*>(f.rsi), f.rdx);
  } else if (moment.point.extent == Extent::message) {
    msghdr message;
    if (!get_user(message, reinterpret_cast<const void*>(f.rsi))) return;
    take(message.msg_iov, message.msg_iovlen);
  }
}

void UserPieces::take(const void* vector, std::uint64_t count) {
  count_ = count < kMax ? count : kMax;
  if (!copy_from_user(pieces_, vector, count_ * sizeof(Piece))) count_ = 0;
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

bool UserPieces::copy_to(std::uint8_t* to) const {
  for (std::uint64_t i = 0; i < count_; ++i) {
    if (!copy_from_user(to, pieces_[i].base, pieces_[i].bytes)) return false;
    to += pieces_[i].bytes;
  }
  return true;
}

std::uint64_t bytes_asked(const Moment& moment) {
  switch (moment.point.extent) {
    case Extent::none: return 0;
    case Extent::vector:
    case Extent::message: return UserPieces(moment).bytes();
    default: return extent_register(moment);
  }
}

Shortened::Shortened(Moment& moment, std::uint64_t bytes)
    : moment_(moment), before_(moment.frame), pieces_(moment) {
  const auto extent = moment.point.extent;
  if (extent != Extent::vector && extent != Extent::message) {
    extent_register(moment) = bytes;
    return;
  }
  std::uint64_t count = 0;
  for (; count < pieces_.count_ && bytes != 0; ++count) {
    auto& piece = pieces_.pieces_[count];
    if (piece.bytes > bytes) piece.bytes = bytes;
    bytes -= piece.bytes;
  }
  auto* vector = reinterpret_cast<iovec*>(pieces_.pieces_);
  if (extent == Extent::message) {
    get_user(message_, reinterpret_cast<const void*>(before_.rsi));
    message_.msg_iov = vector;
    message_.msg_iovlen = count;
    moment.frame.rsi = reinterpret_cast<std::uint64_t>(&message_);
    return;
  }
  moment.frame.rsi = reinterpret_cast<std::uint64_t>(vector);
  moment.frame.rdx = count;
}

Shortened::~Shortened() {
  moment_.frame.rsi = before_.rsi;
  moment_.frame.rdx = before_.rdx;
  moment_.frame.r10 = before_.r10;
  moment_.frame.r8 = before_.r8;
}

}  // namespace detsim
