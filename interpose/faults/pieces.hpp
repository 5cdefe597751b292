// The buffer of a call that reads or writes: how many bytes were asked for, where they lie, and how
// the same call is made with fewer of them.
#pragma once
#include <sys/socket.h>

#include "interpose/faults/points.hpp"

namespace detsim {

/// The bytes that the call asked for; 0 when its buffer cannot be looked at.
std::uint64_t bytes_asked(const Moment& moment);

/// The target's buffer, in one piece or several.
class UserPieces {
 public:
  explicit UserPieces(const Moment& moment);
  /// Where byte number `place` lies; nullptr: beyond the end.
  void* at(std::uint64_t place) const;
  std::uint64_t bytes() const;
  /// False: it cannot be looked at.
  bool copy_to(std::uint8_t* to) const;

 private:
  friend class Shortened;
  struct Piece {  // struct iovec
    char* base;
    std::uint64_t bytes;
  };
  static constexpr std::uint64_t kMax = 256;  // pieces that are looked at
  void take(const void* vector, std::uint64_t count);
  Piece pieces_[kMax];
  std::uint64_t count_ = 0;
};

/// The call's arguments ask for the first `bytes` only, for the time of a scope.
class Shortened {
 public:
  Shortened(Moment& moment, std::uint64_t bytes);
  ~Shortened();
  Shortened(const Shortened&) = delete;
  Shortened& operator=(const Shortened&) = delete;

 private:
  Moment& moment_;
  Frame before_;
  UserPieces pieces_;
  msghdr message_{};
};

}  // namespace detsim
