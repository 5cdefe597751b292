// Faults of the network, as far as a call on a socket can decide them.
#include <asm-generic/errno.h>
#include <sys/mman.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/faults/effects.hpp"
#include "interpose/faults/pieces.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kDrawBytes = 1, kDrawPlace = 2, kDrawBit = 3;
constexpr std::uint64_t kDatagramMax = 65536, kNameMax = 128;

bool shorten(Moment& moment) {
  const auto bytes = bytes_asked(moment);
  if (bytes < 2) return false;
  const Shortened arguments(moment, 1 + draw(moment, kDrawBytes, bytes - 1));
  moment.carry_out();
  if (moment.result > 0) moment.value = static_cast<std::uint64_t>(moment.result);
  return true;
}

// Memory of the shim's own for one datagram; the target's addresses stay as they are.
class Scratch {
 public:
  Scratch()
      : at_(raw(__NR_mmap, 0, kDatagramMax, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0)) {}
  ~Scratch() {
    if (at_ > 0) raw(__NR_munmap, at_, kDatagramMax);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::uint8_t* bytes() const { return at_ > 0 ? reinterpret_cast<std::uint8_t*>(at_) : nullptr; }

 private:
  long at_;
};

// A datagram as its call has it: bytes in pieces, and the name of whom it is for.
struct Outgoing {
  explicit Outgoing(const Moment& moment) : pieces(moment), bytes(pieces.bytes()) {
    const auto& f = moment.frame;
    if (f.number == __NR_sendto) {
      name = reinterpret_cast<const void*>(f.r8);
      name_bytes = name != nullptr ? f.r9 : 0;
      flags = f.r10;
    } else if (f.number == __NR_sendmsg) {
      msghdr message;
      is_whole = get_user(message, reinterpret_cast<const void*>(f.rsi)) &&
                 (message.msg_control == nullptr || message.msg_controllen == 0);
      name = message.msg_name;
      name_bytes = name != nullptr ? message.msg_namelen : 0;
      flags = f.rdx;
    }
    const bool is_known = moment.point.extent != Extent::none;  // not several (sendmmsg)
    is_whole = is_whole && is_known && bytes <= kDatagramMax && name_bytes <= kNameMax;
  }

  UserPieces pieces;
  std::uint64_t bytes;
  const void* name = nullptr;
  std::uint64_t name_bytes = 0;
  std::uint64_t flags = 0;
  bool is_whole = true;  // there is nothing to it beside these
};

// Sends other bytes than the call's own.
long send_bytes(const Moment& moment, std::uint8_t* data, std::uint64_t bytes, const void* name,
                std::uint64_t name_bytes, std::uint64_t flags) {
  Frame f = moment.frame;
  f.number = __NR_sendto;
  f.rsi = reinterpret_cast<std::uint64_t>(data);
  f.rdx = bytes;
  f.r10 = flags;
  f.r8 = name_bytes == 0 ? 0 : reinterpret_cast<std::uint64_t>(name);
  f.r9 = name_bytes;
  return call_of(__NR_sendto).handler(f);
}

bool is_single_send(const Moment& moment) { return moment.point.extent != Extent::none; }

// A datagram that waits until the next one of its socket is sent.
struct HeldDatagram {
  ObjectId socket = kNoObject;
  std::uint32_t bytes = 0, name_bytes = 0;
  std::uint8_t name[kNameMax] = {};
  std::uint8_t data[kDatagramMax] = {};
};
constexpr unsigned kHeldMax = 64;

HeldDatagram* held_of(ObjectId socket) {
  auto* held = reinterpret_cast<HeldDatagram*>(kWorldHeldDatagrams);
  for (unsigned i = 0; i < kHeldMax; ++i) {
    if (held[i].socket == socket) return &held[i];
  }
  return nullptr;
}

bool hold_back(const Moment& moment) {
  const Outgoing letter(moment);
  auto* held = held_of(kNoObject);
  if (held == nullptr || !letter.is_whole || !letter.pieces.copy_to(held->data)) return false;
  if (!copy_from_user(held->name, letter.name, letter.name_bytes)) return false;
  held->bytes = static_cast<std::uint32_t>(letter.bytes);
  held->name_bytes = static_cast<std::uint32_t>(letter.name_bytes);
  held->socket = moment.descriptor.object;
  return true;
}

void send_held(const Moment& moment, HeldDatagram& held) {
  send_bytes(moment, held.data, held.bytes, held.name, held.name_bytes, MSG_NOSIGNAL);
  held.socket = kNoObject;
}

}  // namespace

namespace strike {

// Both ends notice: this one by the error, the other by the end of its data.
bool net_connection_reset(Moment& moment) {
  raw(__NR_shutdown, moment.fd, 2 /* SHUT_RDWR */);
  io_happened(moment.descriptor.object);
  io_happened();
  return answer_error(moment);
}

bool net_connect_timeout(Moment& moment) {
  answer_error(moment);
  return is_nonblocking(moment.fd) || stay(moment, parameter(*moment.rule, "delay"));
}

bool net_connect_refused(Moment& moment) { return answer_error(moment); }

// The hosts file and the servers: a name is known to neither.
bool net_dns_fail(Moment& moment) {
  if ((moment.ops & bit_of(Op::connect)) != 0) {
    moment.fail(ECONNREFUSED);
  } else {
    moment.fail(EACCES);
  }
  return true;
}

// There was one, and it is gone.
bool net_accept_fail(Moment& moment) {
  moment.carry_out();
  if (moment.result < 0) return true;
  const Frame before = moment.frame;
  moment.frame.rdi = static_cast<std::uint64_t>(moment.result);
  call_of(__NR_close).handler(moment.frame);
  moment.frame = before;
  return answer_error(moment);
}

bool net_partial_write(Moment& moment) { return shorten(moment); }
bool net_short_read(Moment& moment) { return shorten(moment); }
bool net_delay(Moment& moment) { return stay(moment, parameter(*moment.rule, "delay")); }

bool net_packet_drop(Moment& moment) {
  const auto bytes = bytes_asked(moment);
  if (!is_single_send(moment)) return false;
  moment.answered = true;
  moment.result = static_cast<long>(bytes);
  moment.value = bytes;
  return true;
}

bool net_duplicate(Moment& moment) {
  if (!is_single_send(moment)) return false;
  moment.carry_out();
  if (moment.result >= 0) moment.call.handler(moment.frame);
  return true;
}

bool net_packet_corrupt(Moment& moment) {
  const Outgoing letter(moment);
  const Scratch scratch;
  if (!letter.is_whole || letter.bytes == 0 || scratch.bytes() == nullptr) return false;
  if (!letter.pieces.copy_to(scratch.bytes())) return false;
  moment.value = draw(moment, kDrawPlace, letter.bytes);
  scratch.bytes()[moment.value] ^= static_cast<std::uint8_t>(1u << draw(moment, kDrawBit, 8));
  moment.result = send_bytes(moment, scratch.bytes(), letter.bytes, letter.name, letter.name_bytes,
                             letter.flags);
  moment.answered = true;
  return true;
}

bool net_reorder(Moment& moment) {
  if (!is_single_send(moment)) return false;
  if (auto* held = held_of(moment.descriptor.object)) {
    moment.carry_out();
    send_held(moment, *held);
    return true;
  }
  if (!hold_back(moment)) return false;
  moment.answered = true;
  moment.result = static_cast<long>(bytes_asked(moment));
  return true;
}

}  // namespace strike

void release_held_datagram(Moment& moment) {
  if (moment.subject != Subject::datagram || (moment.ops & bit_of(Op::send)) == 0) return;
  if (!is_single_send(moment) || moment.result < 0) return;
  if (auto* held = held_of(moment.descriptor.object)) send_held(moment, *held);
}

}  // namespace detsim
