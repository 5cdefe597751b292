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

bool is_simple_send(const Moment& moment) {
  return moment.frame.number == __NR_sendto || moment.frame.number == __NR_write;
}

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
  const auto& f = moment.frame;
  const auto bytes = bytes_asked(moment);
  auto* held = held_of(kNoObject);
  const bool is_named = f.number == __NR_sendto && f.r8 != 0;
  if (held == nullptr || bytes > kDatagramMax || (is_named && f.r9 > kNameMax)) return false;
  if (!copy_from_user(held->data, reinterpret_cast<const void*>(f.rsi), bytes)) return false;
  held->name_bytes = is_named ? static_cast<std::uint32_t>(f.r9) : 0;
  if (!copy_from_user(held->name, reinterpret_cast<const void*>(f.r8), held->name_bytes)) {
    return false;
  }
  held->bytes = static_cast<std::uint32_t>(bytes);
  held->socket = moment.descriptor.object;
  return true;
}

void send_held(Moment& moment, HeldDatagram& held) {
  const Frame before = moment.frame;
  auto& f = moment.frame;
  f.rsi = reinterpret_cast<std::uint64_t>(held.data);
  f.rdx = held.bytes;
  if (f.number == __NR_sendto) {
    f.r8 = held.name_bytes == 0 ? 0 : reinterpret_cast<std::uint64_t>(held.name);
    f.r9 = held.name_bytes;
  }
  moment.call.handler(f);
  f = before;
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
  if (!is_nonblocking(moment.fd)) stay(moment, parameter(*moment.rule, "delay"));
  return answer_error(moment);
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
  if (!is_simple_send(moment)) return false;
  moment.answered = true;
  moment.result = static_cast<long>(bytes);
  moment.value = bytes;
  return true;
}

bool net_duplicate(Moment& moment) {
  if (!is_simple_send(moment)) return false;
  moment.carry_out();
  if (moment.result >= 0) moment.call.handler(moment.frame);
  return true;
}

bool net_packet_corrupt(Moment& moment) {
  const auto bytes = bytes_asked(moment);
  const Scratch scratch;
  if (!is_simple_send(moment) || bytes == 0 || bytes > kDatagramMax || scratch.bytes() == nullptr) {
    return false;
  }
  const auto data = moment.frame.rsi;
  if (!copy_from_user(scratch.bytes(), reinterpret_cast<const void*>(data), bytes)) return false;
  moment.value = draw(moment, kDrawPlace, bytes);
  scratch.bytes()[moment.value] ^= static_cast<std::uint8_t>(1u << draw(moment, kDrawBit, 8));
  moment.frame.rsi = reinterpret_cast<std::uint64_t>(scratch.bytes());
  moment.carry_out();
  moment.frame.rsi = data;
  return true;
}

bool net_reorder(Moment& moment) {
  if (!is_simple_send(moment)) return false;
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
  if (!is_simple_send(moment) || moment.result < 0) return;
  if (auto* held = held_of(moment.descriptor.object)) send_held(moment, *held);
}

}  // namespace detsim
