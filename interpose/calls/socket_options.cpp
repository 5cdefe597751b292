// Options of sockets. Those of unix sockets are the kernel's, but for what tells pids and time;
// those of internet sockets are kept in the world: what was set is what is read.
#include <asm-generic/errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/socket_control.hpp"
#include "interpose/calls/socket_state.hpp"
#include "interpose/calls/sockets.hpp"

namespace detsim {
namespace {

struct Option {
  int level, name;
  std::int32_t initial;
};

// An option's place here is its place in SocketRecord::values.
constexpr Option kOptions[] = {
    {IPPROTO_TCP, TCP_NODELAY, 0},
    {IPPROTO_TCP, TCP_MAXSEG, 32768},
    {IPPROTO_TCP, TCP_CORK, 0},
    {IPPROTO_TCP, TCP_KEEPIDLE, 7200},
    {IPPROTO_TCP, TCP_KEEPINTVL, 75},
    {IPPROTO_TCP, TCP_KEEPCNT, 9},
    {IPPROTO_TCP, TCP_SYNCNT, 6},
    {IPPROTO_TCP, TCP_LINGER2, 60},
    {IPPROTO_TCP, TCP_DEFER_ACCEPT, 0},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, 65536},
    {IPPROTO_TCP, TCP_QUICKACK, 1},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, 0},
    {IPPROTO_TCP, TCP_FASTOPEN, 0},
    {IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT, 0},
    {IPPROTO_IP, IP_TOS, 0},
    {IPPROTO_IP, IP_TTL, 64},
    {IPPROTO_IP, IP_PKTINFO, 0},
    {IPPROTO_IP, IP_MTU_DISCOVER, 1},
    {IPPROTO_IP, IP_RECVERR, 0},
    {IPPROTO_IP, IP_RECVTTL, 0},
    {IPPROTO_IP, IP_RECVTOS, 0},
    {IPPROTO_IP, IP_FREEBIND, 0},
    {IPPROTO_IP, IP_MULTICAST_TTL, 1},
    {IPPROTO_IP, IP_MULTICAST_LOOP, 1},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 0},
    {IPPROTO_IP, IP_TRANSPARENT, 0},
    {IPPROTO_IP, IP_MTU, 65535},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 0},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 0},
    {IPPROTO_IPV6, IPV6_RECVERR, 0},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, 1},
    {IPPROTO_IPV6, IPV6_TCLASS, 0},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, 0},
    {IPPROTO_IPV6, IPV6_MTU, 65535},
    {IPPROTO_UDP, 103 /* UDP_SEGMENT */, 0},
    {SOL_SOCKET, SO_SNDBUF, 2626560},
    {SOL_SOCKET, SO_RCVBUF, 131072},
    {SOL_SOCKET, SO_MARK, 0},
    {SOL_SOCKET, SO_PRIORITY, 0},
    {SOL_SOCKET, SO_BUSY_POLL, 0},
};
constexpr unsigned kOptionCount = sizeof kOptions / sizeof kOptions[0];
static_assert(kOptionCount <= kSocketValuesMax);
constexpr int kCongestionBytes = 16;
constexpr int kBufferMax = 212992, kBufferMin = 2304;

int slot_of(int level, int name) {
  for (unsigned i = 0; i < kOptionCount; ++i) {
    if (kOptions[i].level == level && kOptions[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

long put_option(const void* value, std::size_t bytes, void* to, void* length) {
  std::int32_t room;
  if (!get_user(room, length)) return -EFAULT;
  if (room < 0) return -EINVAL;
  const auto known = static_cast<std::int32_t>(bytes);
  const auto count = room < known ? room : known;
  if (!copy_to_user(to, value, static_cast<std::size_t>(count))) return -EFAULT;
  return put_user(count, length) ? 0 : -EFAULT;
}

long put_number(std::int32_t value, void* to, void* length) {
  return put_option(&value, sizeof value, to, length);
}

// An int, or for the options of IP also a single byte.
long get_number(int level, const void* from, std::uint32_t length, std::int32_t& value) {
  if (length >= sizeof value) return get_user(value, from) ? 0 : -EFAULT;
  unsigned char byte;
  if (level != IPPROTO_IP || length == 0) return -EINVAL;
  if (!get_user(byte, from)) return -EFAULT;
  value = byte;
  return 0;
}

// -- what pids, time and the host show through

struct PeerCredentials {
  std::int32_t pid;
  std::uint32_t uid, gid;
};

long peer_credentials(const Socket& socket, void* to, void* length) {
  PeerCredentials credentials{0, ~0u, ~0u};
  if (!socket.is_inet()) {
    std::uint32_t bytes = sizeof credentials;
    const long result =
        raw(__NR_getsockopt, socket.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes);
    if (result != 0) return result;
    const auto known = socket.record->peer_pid;
    if (credentials.pid > 0) credentials.pid = known != 0 ? known : virtual_pid(credentials.pid);
  }
  return put_option(&credentials, sizeof credentials, to, length);
}

// SO_COOKIE: the kernel's counter is the machine's, ours is the run's.
long cookie(const Socket& socket, void* to, void* length) {
  const std::uint64_t value = socket.descriptor.object;
  return put_option(&value, sizeof value, to, length);
}

// -- internet sockets

long take_socket_error(Socket& socket, void* to, void* length) {
  std::int32_t error = socket.record->error;
  socket.record->error = 0;
  socket.record->connecting = false;
  std::uint32_t bytes = sizeof error;
  if (error == 0) {
    raw(__NR_getsockopt, socket.fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
  }
  return put_number(error, to, length);
}

long tcp_info_of(const Socket& socket, void* to, void* length) {
  constexpr unsigned char kEstablished = 1, kClosed = 7, kListening = 10;
  unsigned char info[104] = {};
  info[0] = socket.record->listening      ? kListening
            : socket.object->remote.known ? kEstablished
                                          : kClosed;
  return put_option(info, sizeof info, to, length);
}

bool get_special(Socket& socket, int level, int name, void* to, void* length, long& result) {
  const IoObject& object = *socket.object;
  if (level == SOL_SOCKET) {
    switch (name) {
      case SO_DOMAIN: result = put_number(object.family, to, length); return true;
      case SO_PROTOCOL: {
        const int protocol = object.type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
        result = put_number(protocol, to, length);
        return true;
      }
      case SO_ERROR: result = take_socket_error(socket, to, length); return true;
      case SO_REUSEADDR: result = put_number(object.reuse, to, length); return true;
      case SO_REUSEPORT: result = put_number(socket.record->reuse_port, to, length); return true;
      default: return false;
    }
  }
  if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY) {
    result = put_number(object.v6only, to, length);
    return true;
  }
  if (level != IPPROTO_TCP || !socket.is_stream()) return false;
  if (name == TCP_INFO) return result = tcp_info_of(socket, to, length), true;
  if (name == TCP_CONGESTION) {
    constexpr char kName[kCongestionBytes] = "cubic";
    result = put_option(kName, sizeof kName, to, length);
    return true;
  }
  return false;
}

long get_inet(Socket& socket, int level, int name, void* to, void* length) {
  long result;
  if (get_special(socket, level, name, to, length, result)) return result;
  const int slot = slot_of(level, name);
  if (slot >= 0) {
    const auto& record = *socket.record;
    const bool is_set = (record.values_set >> slot & 1) != 0;
    return put_number(is_set ? record.values[slot] : kOptions[slot].initial, to, length);
  }
  if (level != SOL_SOCKET) return -ENOPROTOOPT;
  return raw(__NR_getsockopt, socket.fd, level, name, to, length);
}

bool set_special(Socket& socket, int level, int name, std::int32_t value, long& result) {
  result = 0;
  if (level == SOL_SOCKET && name == SO_REUSEADDR) {
    socket.object->reuse = value != 0;
    return true;
  }
  if (level == SOL_SOCKET && name == SO_REUSEPORT) {
    socket.record->reuse_port = value != 0;
    return true;
  }
  if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY) {
    if (socket.object->family != AF_INET6) return result = -ENOPROTOOPT, true;
    if (socket.object->local.known) return result = -EINVAL, true;
    socket.object->v6only = value != 0;
    return true;
  }
  return false;
}

std::int32_t as_kept(int level, int name, std::int32_t value) {
  if (level != SOL_SOCKET || (name != SO_SNDBUF && name != SO_RCVBUF)) return value;
  if (value > kBufferMax || value < 0) value = kBufferMax;
  return value * 2 < kBufferMin ? kBufferMin : value * 2;
}

long bind_to_device(const void* from, std::uint32_t length) {
  char name[IFNAMSIZ] = {};
  if (length > sizeof name - 1) length = sizeof name - 1;
  if (!copy_from_user(name, from, length)) return -EFAULT;
  return name[0] == 0 || equal(name, "lo") ? 0 : -ENODEV;
}

long set_inet(Socket& socket, int level, int name, const void* from, std::uint32_t length) {
  if (level == SOL_SOCKET && name == SO_BINDTODEVICE) return bind_to_device(from, length);
  if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
    char wanted[kCongestionBytes] = {};
    const auto count = length < sizeof wanted - 1 ? length : sizeof wanted - 1;
    if (!copy_from_user(wanted, from, count)) return -EFAULT;
    return equal(wanted, "cubic") || equal(wanted, "reno") ? 0 : -ENOENT;
  }
  const int slot = slot_of(level, name);
  const bool is_special = (level == SOL_SOCKET && (name == SO_REUSEADDR || name == SO_REUSEPORT)) ||
                          (level == IPPROTO_IPV6 && name == IPV6_V6ONLY);
  if (slot < 0 && !is_special) {
    if (level != SOL_SOCKET) return -ENOPROTOOPT;
    return raw(__NR_setsockopt, socket.fd, level, name, from, length);
  }
  if (level == IPPROTO_TCP && !socket.is_stream()) return -EOPNOTSUPP;
  std::int32_t value;
  if (const long error = get_number(level, from, length, value)) return error;
  long result;
  if (set_special(socket, level, name, value, result)) return result;
  socket.record->values_set |= 1ull << slot;
  socket.record->values[slot] = as_kept(level, name, value);
  return 0;
}

// -- ioctl: the machine has one interface

constexpr short kLoopbackFlags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;

void fill_address(sockaddr& address, std::uint8_t last, std::uint8_t first) {
  unsigned char bytes[16] = {AF_INET, 0, 0, 0, first, 0, 0, last};
  memcpy(&address, bytes, sizeof bytes);
}

long tell_interfaces(void* to) {
  ifconf list;
  if (!get_user(list, to)) return -EFAULT;
  if (list.ifc_buf == nullptr) {
    list.ifc_len = sizeof(ifreq);
  } else if (list.ifc_len >= static_cast<int>(sizeof(ifreq))) {
    ifreq loopback = {};
    copy_text(loopback.ifr_name, "lo", sizeof loopback.ifr_name);
    fill_address(loopback.ifr_addr, 1, 127);
    if (!put_user(loopback, list.ifc_buf)) return -EFAULT;
    list.ifc_len = sizeof(ifreq);
  } else {
    list.ifc_len = 0;
  }
  return put_user(list, to) ? 0 : -EFAULT;
}

long tell_interface(std::uint64_t request, void* to) {
  ifreq interface;
  if (!get_user(interface, to)) return -EFAULT;
  interface.ifr_name[IFNAMSIZ - 1] = 0;
  if (request == SIOCGIFNAME) {
    if (interface.ifr_ifindex != 1) return -ENODEV;
    copy_text(interface.ifr_name, "lo", sizeof interface.ifr_name);
    return put_user(interface, to) ? 0 : -EFAULT;
  }
  if (!equal(interface.ifr_name, "lo")) return -ENODEV;
  switch (request) {
    case SIOCGIFFLAGS: interface.ifr_flags = kLoopbackFlags; break;
    case SIOCGIFINDEX: interface.ifr_ifindex = 1; break;
    case SIOCGIFMTU: interface.ifr_mtu = 65536; break;
    case SIOCGIFMETRIC: interface.ifr_metric = 0; break;
    case SIOCGIFADDR:
    case SIOCGIFDSTADDR: fill_address(interface.ifr_addr, 1, 127); break;
    case SIOCGIFNETMASK: fill_address(interface.ifr_netmask, 0, 255); break;
    case SIOCGIFHWADDR:
      interface.ifr_hwaddr = {};
      interface.ifr_hwaddr.sa_family = 772;
      break;
    default: return -EOPNOTSUPP;
  }
  return put_user(interface, to) ? 0 : -EFAULT;
}

long tell_next_bytes(const Socket& socket, std::uint64_t request, std::uint64_t argument) {
  int bytes = 0;
  const long result = raw(__NR_ioctl, socket.fd, request, &bytes);
  if (result != 0) return result;
  constexpr int kHeader = sizeof(DatagramHeader);
  if (request == FIONREAD && socket.is_inet_datagram()) {
    bytes = bytes >= kHeader ? bytes - kHeader : 0;
  }
  return put_user(bytes, reinterpret_cast<void*>(argument)) ? 0 : -EFAULT;
}

}  // namespace

bool socket_ioctl(int fd, std::uint64_t request, std::uint64_t argument, long& result) {
  constexpr std::uint64_t kFirst = 0x8900, kLast = 0x89ff;  // SIOC*
  const bool counts = request == FIONREAD || request == TIOCOUTQ;
  if (!counts && (request < kFirst || request > kLast)) return false;
  Socket socket;
  if (find_socket(fd, socket) != 0) return false;
  auto* to = reinterpret_cast<void*>(argument);
  switch (request) {
    case FIONREAD:
    case TIOCOUTQ:
      if (!socket.is_inet()) return false;
      result = tell_next_bytes(socket, request, argument);
      return true;
    case FIOSETOWN:
    case FIOGETOWN:
    case SIOCSPGRP:
    case SIOCGPGRP:
    case SIOCATMARK: return false;
    case SIOCGIFCONF: result = tell_interfaces(to); return true;
    case SIOCGSTAMP_OLD:
    case SIOCGSTAMPNS_OLD: result = -ENOENT; return true;
    default: break;
  }
  const bool asks = (request >= SIOCGIFNAME && request <= SIOCGIFNETMASK) ||
                    request == SIOCGIFMTU || request == SIOCGIFMETRIC || request == SIOCGIFHWADDR ||
                    request == SIOCGIFINDEX;
  result = asks ? tell_interface(request, to) : -EOPNOTSUPP;
  return true;
}

namespace model {

long getsockopt(int fd, int level, int name, void* to, void* length) {
  Socket socket;
  if (const long error = find_socket(fd, socket)) return error;
  if (level == SOL_SOCKET) {
    if (name == SO_PEERCRED) return peer_credentials(socket, to, length);
    if (name == SO_COOKIE) return cookie(socket, to, length);
    if (name == SO_INCOMING_CPU || name == SO_INCOMING_NAPI_ID) return put_number(0, to, length);
  }
  if (socket.is_inet()) return get_inet(socket, level, name, to, length);
  return raw(__NR_getsockopt, fd, level, name, to, length);
}

long setsockopt(int fd, int level, int name, const void* from, std::uint32_t length) {
  Socket socket;
  if (const long error = find_socket(fd, socket)) return error;
  if (socket.is_inet()) return set_inet(socket, level, name, from, length);
  const long result = raw(__NR_setsockopt, fd, level, name, from, length);
  if (result == 0 && level == SOL_SOCKET && name == SO_PASSCRED) {
    std::int32_t value = 0;
    socket.record->passes_credentials = get_user(value, from) && value != 0;
  }
  return result;
}

}  // namespace model
}  // namespace detsim
