// Names of internet sockets: who has which address and port, all of it in the world. The machine
// has one interface, the loopback.
//
// An InetName holds IPv6 addresses, IPv4 ones mapped into them (RFC 4291, 2.5.5.2).
#include <asm-generic/errno.h>
#include <netinet/in.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/socket_state.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kFirstPort = 32768, kPorts = 28232;  // ip_local_port_range
constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::uint32_t kFlowless = 24;  // of a sockaddr_in6: without the scope

bool same_address(const InetName& a, const InetName& b) {
  return memcmp(a.address, b.address, sizeof a.address) == 0;
}

bool is_all_zero(const unsigned char* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

// Whether packets to `to` are for a socket bound to `name`; 0: no, and more is a better match.
int match(const IoObject& object, const InetName& to) {
  const InetName& name = object.local;
  if (!name.known || name.port != to.port) return 0;
  if (same_address(name, to)) return 3;
  if (!is_any(name)) return 0;
  if (is_ipv4(name)) return is_ipv4(to) ? 2 : 0;
  if (is_ipv4(to)) return object.v6only ? 0 : 1;
  return 2;
}

bool overlaps(const IoObject& a, const InetName& name, bool v6only) {
  if (a.local.port != name.port) return false;
  if (same_address(a.local, name)) return true;
  if (!is_any(a.local) && !is_any(name)) return false;
  if (is_ipv4(a.local) == is_ipv4(name)) return true;
  // One is IPv4 and the other IPv6: they meet where the latter is open to both.
  const bool six_is_any = is_ipv4(name) ? is_any(a.local) : is_any(name);
  return six_is_any && !(is_ipv4(name) ? a.v6only : v6only);
}

template <typename Visit>
void for_inet_sockets(int type, Visit visit) {
  const auto end = descriptor_state().objects_used;
  for (ObjectId id = 1; id < end; ++id) {
    IoObject& object = object_of(id);
    if (object.kind != DescriptorKind::socket || object.type != type || !object.local.known) {
      continue;
    }
    SocketRecord& record = record_of(id);
    if (record.is_inet) visit(id, object, record);
  }
}

}  // namespace

bool is_ipv4(const InetName& name) { return memcmp(name.address, kMapped, sizeof kMapped) == 0; }

bool is_any(const InetName& name) {
  return is_all_zero(name.address, is_ipv4(name) ? 10 : 16) && is_all_zero(name.address + 12, 4);
}

bool is_loopback(const InetName& name) {
  if (is_ipv4(name)) return name.address[12] == 127;
  return is_all_zero(name.address, 15) && name.address[15] == 1;
}

long read_inet_name(const SocketAddress& address, int family, InetName& name) {
  name = {};
  const auto given = address.family();
  const bool four = given == AF_INET || (given == AF_UNSPEC && family == AF_INET);
  if (address.length < (four ? sizeof(sockaddr_in) : kFlowless)) return -EINVAL;
  if (!four && (given != AF_INET6 || family != AF_INET6)) return -EAFNOSUPPORT;
  name.known = true;
  name.port = static_cast<std::uint16_t>(address.bytes[2] << 8 | address.bytes[3]);
  if (four) {
    memcpy(name.address, kMapped, sizeof kMapped);
    memcpy(name.address + 12, address.bytes + 4, 4);
  } else {
    memcpy(name.address, address.bytes + 8, 16);
  }
  return 0;
}

void show_inet_name(const InetName& name, int family, SocketAddress& address) {
  memset(address.bytes, 0, sizeof address.bytes);
  address.bytes[0] = static_cast<unsigned char>(family);
  address.bytes[2] = static_cast<unsigned char>(name.port >> 8);
  address.bytes[3] = static_cast<unsigned char>(name.port);
  if (family == AF_INET) {
    memcpy(address.bytes + 4, name.address + 12, 4);
    address.length = sizeof(sockaddr_in);
  } else {
    memcpy(address.bytes + 8, name.address, 16);
    address.length = sizeof(sockaddr_in6);
  }
}

InetName source_for(const InetName& to) {
  InetName from = {};
  from.known = true;
  if (is_ipv4(to)) {
    memcpy(from.address, kMapped, sizeof kMapped);
    from.address[12] = 127;
  }
  from.address[15] = 1;
  return from;
}

bool is_name_free(const Socket& socket, const InetName& name, bool to_listen) {
  bool is_free = true;
  const IoObject& mine = *socket.object;
  for_inet_sockets(mine.type, [&](ObjectId, const IoObject& other, const SocketRecord& record) {
    if (&other == &mine || !overlaps(other, name, mine.v6only)) return;
    const bool both_listen = mine.type == SOCK_STREAM && (to_listen || record.listening);
    if (mine.reuse && other.reuse && !both_listen) return;
    if (socket.record->reuse_port && record.reuse_port) return;
    if (to_listen && !record.listening) return;  // bound before, and judged then
    is_free = false;
  });
  return is_free;
}

long choose_port(Socket& socket, InetName name) {
  auto& used = socket_state().ports_used;
  name.known = true;
  for (std::uint32_t tries = 0; tries < kPorts; ++tries) {
    name.port = static_cast<std::uint16_t>(kFirstPort + used++ % kPorts);
    bool taken = false;
    for_inet_sockets(socket.object->type, [&](ObjectId, const IoObject& other, SocketRecord&) {
      taken = taken || other.local.port == name.port;
    });
    if (taken) continue;
    socket.object->local = name;
    return 0;
  }
  return -EADDRINUSE;
}

ObjectId find_receiver(int type, const InetName& to, const InetName& from) {
  ObjectId best = kNoObject;
  int best_match = 0;
  std::uint32_t sharing = 0;
  for_inet_sockets(type, [&](ObjectId id, const IoObject& object, SocketRecord& record) {
    if (type == SOCK_STREAM && !record.listening) return;
    int quality = match(object, to);
    if (quality != 0 && type == SOCK_DGRAM && object.remote.known) {
      // Connected: only what comes from there is for it.
      if (object.remote.port != from.port || !same_address(object.remote, from)) return;
      quality += 4;
    }
    if (quality > best_match) {
      best = id;
      best_match = quality;
      sharing = 1;
    } else if (quality != 0 && quality == best_match) {
      ++sharing;
    }
  });
  if (sharing < 2 || type != SOCK_STREAM) return best;
  // Listeners that share a port (SO_REUSEPORT) take turns.
  auto turn = record_of(best).turns++ % sharing;
  for_inet_sockets(type, [&](ObjectId id, const IoObject& object, SocketRecord& record) {
    if (!record.listening || match(object, to) != best_match) return;
    if (turn-- == 0) best = id;
  });
  return best;
}

SocketAddress kernel_address(const SocketRecord& record) {
  SocketAddress address;
  memset(address.bytes, 0, sizeof address.bytes);
  address.bytes[0] = AF_UNIX;
  memcpy(address.bytes + 3, record.kernel_name, record.kernel_name_bytes);
  address.length = 3u + record.kernel_name_bytes;
  return address;
}

long name_underneath(Socket& socket) {
  SocketRecord& record = *socket.record;
  if (record.kernel_name_bytes != 0) return 0;
  const std::uint16_t family = AF_UNIX;
  const long result = raw(__NR_bind, socket.fd, &family, sizeof family);
  if (result != 0) return result;
  SocketAddress address;
  std::uint32_t room = sizeof address.bytes;
  raw(__NR_getsockname, socket.fd, address.bytes, &room);
  if (room <= 3 || room - 3 > sizeof record.kernel_name) return -EINVAL;
  record.kernel_name_bytes = static_cast<std::uint8_t>(room - 3);
  memcpy(record.kernel_name, address.bytes + 3, room - 3);
  return 0;
}

}  // namespace detsim
