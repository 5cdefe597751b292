// Making, naming and connecting sockets.
//
// A unix socket is the kernel's own. An internet socket is a unix socket underneath: connecting
// looks the listener up in the world and connects to the kernel name of the socket under it.
#include <asm-generic/errno.h>
#include <linux/net.h>
#include <poll.h>
#include <sys/un.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/file_names.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/socket_state.hpp"
#include "interpose/calls/socket_wait.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr int kTypeMask = 0xf, kTypesMax = 11, kFamiliesMax = 46;
constexpr int kTcp = 6, kUdp = 17;
constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
constexpr int kInetBacklog = 4096;  // a full one shows as packets that come late, never as an error
constexpr int kWideBytes = 2 << 20;   // what the kernel gives to the privileged
constexpr int kBufferBytes = 212992;  // net.core.wmem_max, which everybody may ask for

// -- the internet families

long judge_inet(int type, int protocol) {
  switch (type) {
    case SOCK_STREAM: return protocol == 0 || protocol == kTcp ? 0 : -EPROTONOSUPPORT;
    case SOCK_DGRAM:
      if (protocol == 1 /* ICMP */ || protocol == 58) return -EACCES;
      return protocol == 0 || protocol == kUdp ? 0 : -EPROTONOSUPPORT;
    case SOCK_RAW: return -EPERM;
    default: return -ESOCKTNOSUPPORT;
  }
}

// Small writes are not merged underneath, so a connection needs all the room it can have.
void widen(int fd) {
  if (raw(__NR_setsockopt, fd, SOL_SOCKET, SO_SNDBUFFORCE, &kWideBytes, sizeof kWideBytes) == 0) {
    return;
  }
  raw(__NR_setsockopt, fd, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes);
}

long make_inet(int family, int type, int protocol) {
  const int kind = type & kTypeMask;
  if (const long error = judge_inet(kind, protocol)) return error;
  const long fd = raw(__NR_socket, AF_UNIX, type, 0);
  if (fd < 0) return fd;
  Socket socket = enter_socket(static_cast<int>(fd), family, kind);
  socket.record->is_inet = true;
  widen(socket.fd);
  return fd;
}

long bind_inet(Socket& socket, const SocketAddress& address) {
  InetName name;
  if (const long error = read_inet_name(address, socket.object->family, name)) return error;
  if (!is_any(name) && !is_loopback(name)) return -EADDRNOTAVAIL;
  if (socket.object->local.known) return -EINVAL;
  if (is_ipv4(name) && socket.object->v6only && socket.object->family == AF_INET6) return -EINVAL;
  if (name.port != 0 && name.port < 1024 && raw(__NR_geteuid) != 0) return -EACCES;
  if (name.port != 0 && !is_name_free(socket, name, false)) return -EADDRINUSE;
  if (socket.is_datagram()) {
    if (const long error = name_underneath(socket)) return error;
  }
  if (name.port == 0) return choose_port(socket, name);
  socket.object->local = name;
  return 0;
}

InetName any_name(int family) {
  InetName name = {};
  if (family == AF_INET) name.address[10] = name.address[11] = 0xff;
  name.known = true;
  return name;
}

long listen_inet(Socket& socket) {
  if (socket.is_datagram()) return -EOPNOTSUPP;
  if (socket.object->remote.known) return -EINVAL;
  IoObject& object = *socket.object;
  if (!object.local.known) {
    if (const long error = choose_port(socket, any_name(object.family))) return error;
  }
  if (!socket.record->listening && !is_name_free(socket, object.local, true)) return -EADDRINUSE;
  if (const long error = name_underneath(socket)) return error;
  return raw(__NR_listen, socket.fd, kInetBacklog);
}

// -- connecting

/// The client waits in the listener's queue until somebody accepts it.
void queue_connection(Socket& client, ObjectId listener_id) {
  const ObjectId id = client.descriptor.object;
  IoObject& listener = object_of(listener_id);
  client.object->exact = true;
  client.record->pid = current_process().pid;
  client.record->peer_pid = record_of(listener_id).pid;
  hold_object(id);
  client.object->next_pending = kNoObject;
  if (listener.first_pending == kNoObject) {
    listener.first_pending = id;
  } else {
    object_of(listener.last_pending).next_pending = id;
  }
  listener.last_pending = id;
  io_happened(listener_id, kReadable);
}

long connect_underneath(Socket& socket, const SocketAddress& address, ObjectId listener) {
  const auto deadline_ns = socket_deadline(socket.fd, SO_SNDTIMEO);
  for (;;) {
    long result;
    bool nonblocking;
    {
      const WithoutBlocking scope(socket.fd);
      nonblocking = scope.was_nonblocking();
      result = raw(__NR_connect, socket.fd, address.bytes, address.length);
    }
    if (result != -EAGAIN || nonblocking) return result;
    if (deadline_ns <= world().scheduler.now_ns) return -EAGAIN;
    Interest interest;
    interest.add(listener, kWritable);
    if (!wait_for_io(interest, deadline_ns)) {
      return deadline_ns == kNever ? kRestartSys : kRestartNever;
    }
    if (!is_still(socket.fd, socket.descriptor)) return -EBADF;
  }
}

long disconnect_inet(Socket& socket) {
  if (!socket.is_datagram()) return -EOPNOTSUPP;
  socket.object->remote = {};
  return 0;
}

long connect_inet_datagram(Socket& socket, const InetName& to) {
  if (!socket.object->local.known) {
    if (const long error = name_underneath(socket)) return error;
    if (const long error = choose_port(socket, source_for(to))) return error;
  } else if (is_any(socket.object->local)) {
    const auto port = socket.object->local.port;
    socket.object->local = source_for(to);
    socket.object->local.port = port;
  }
  socket.object->remote = to;
  return 0;
}

// A refusal reaches a non-blocking socket as an answer does: afterwards.
long refuse(Socket& socket) {
  if (!is_nonblocking(socket.fd)) return -ECONNREFUSED;
  socket.record->connecting = true;
  socket.record->error = ECONNREFUSED;
  return -EINPROGRESS;
}

long connect_inet_stream(Socket& socket, const InetName& to) {
  IoObject& object = *socket.object;
  SocketRecord& record = *socket.record;
  if (record.connecting) {
    record.connecting = false;
    const long error = record.error;
    record.error = 0;
    return -error;
  }
  if (object.remote.known || record.listening) return -EISCONN;
  const bool had_name = object.local.known;
  const InetName before = object.local;
  if (!had_name || is_any(before)) {
    InetName from = source_for(to);
    if (!had_name) {
      if (const long error = choose_port(socket, from)) return error;
    } else {
      from.port = before.port;
      object.local = from;
    }
  }
  const ObjectId listener = find_receiver(SOCK_STREAM, to, object.local);
  long result = -ECONNREFUSED;
  if (listener != kNoObject) {
    hold_object(listener);  // it may be closed while we wait
    result = connect_underneath(socket, kernel_address(record_of(listener)), listener);
    if (result == 0) queue_connection(socket, listener);
    release_object(listener);
  }
  if (result != 0) object.local = before;
  if (result == -ECONNREFUSED) return refuse(socket);
  if (result != 0) return result;
  object.remote = to;
  if (!is_nonblocking(socket.fd)) return 0;
  record.connecting = true;
  return -EINPROGRESS;
}

long connect_inet(Socket& socket, const SocketAddress& address) {
  if (address.length < 2) return -EINVAL;
  if (address.family() == AF_UNSPEC) return disconnect_inet(socket);
  InetName to;
  if (const long error = read_inet_name(address, socket.object->family, to)) return error;
  if (is_any(to)) {
    const auto port = to.port;
    to = source_for(to);
    to.port = port;
  }
  if (!is_loopback(to)) return -ENETUNREACH;
  if (is_ipv4(to) && socket.object->v6only) return -ENETUNREACH;
  return socket.is_datagram() ? connect_inet_datagram(socket, to) : connect_inet_stream(socket, to);
}

long connect_unix(Socket& socket, SocketAddress& address) {
  hide_run(address);
  const auto digest = digest_of_name(address);
  const ObjectId other = find_bound(digest);
  if (socket.record->passes_credentials && socket.object->bound == 0) bind_somewhere(socket);
  if (socket.is_datagram()) {
    const long result = raw(__NR_connect, socket.fd, address.bytes, address.length);
    if (result != 0) return result;
    socket.record->sends_to = digest;
    socket.object->exact = false;  // others who send there take its room
    return result;
  }
  hold_object(other);
  const long result = connect_underneath(socket, address, other);
  if (result == 0 && other != kNoObject) {
    queue_connection(socket, other);
  } else if (result == 0) {  // somebody outside of the run
    socket.object->external = true;
    socket.object->exact = false;
  }
  release_object(other);
  return result;
}

// -- accepting

// Who made the next connection is known, unless it came from outside of the run.
void adopt_connection(const Socket& listener, Socket& accepted) {
  IoObject& queue = *listener.object;
  const ObjectId client = queue.first_pending;
  if (client == kNoObject) {
    accepted.object->external = true;
    accepted.object->exact = false;
    return;
  }
  queue.first_pending = object_of(client).next_pending;
  if (queue.first_pending == kNoObject) queue.last_pending = kNoObject;
  object_of(client).next_pending = kNoObject;
  accepted.record->pid = listener.record->pid;
  accepted.record->peer_pid = record_of(client).pid;
  if (listener.is_inet()) {
    accepted.object->local = object_of(client).remote;
    accepted.object->remote = object_of(client).local;
  }
  join_sockets(accepted.descriptor.object, client);
  release_object(client);
}

long give_name(const Socket& accepted, SocketAddress& kernel_name, void* to, void* length) {
  if (to == nullptr) return 0;
  if (accepted.is_inet()) {
    show_inet_name(accepted.object->remote, accepted.object->family, kernel_name);
  } else {
    show_run(kernel_name);
  }
  return write_address(kernel_name, to, length);
}

long accept_one(Socket& listener, void* to, void* length, int flags) {
  SocketAddress name;
  std::uint32_t room = sizeof name.bytes;
  pollfd look{listener.fd, POLLIN, 0};
  if (raw(__NR_poll, &look, 1, 0) == 0) return -EAGAIN;
  const long fd = raw(__NR_accept4, listener.fd, name.bytes, &room, flags);
  if (fd < 0) return fd;
  name.length = room;
  Socket accepted = enter_socket(static_cast<int>(fd), listener.object->family, SOCK_STREAM);
  accepted.object->type = listener.object->type;
  accepted.object->reuse = listener.object->reuse;
  accepted.object->v6only = listener.object->v6only;
  accepted.record->is_inet = listener.is_inet();
  accepted.record->values_set = listener.record->values_set;
  memcpy(accepted.record->values, listener.record->values, sizeof accepted.record->values);
  accepted.record->reuse_port = listener.record->reuse_port;
  adopt_connection(listener, accepted);
  if (accepted.is_inet()) widen(accepted.fd);
  io_happened(listener.descriptor.object, kWritable);
  const long error = give_name(accepted, name, to, length);
  if (error == 0) return fd;
  raw(__NR_close, fd);
  forget_descriptor(static_cast<int>(fd));
  return error;
}

SocketAddress kernel_name_of(int fd, int call, long& result) {
  SocketAddress address;
  std::uint32_t room = sizeof address.bytes;
  result = raw(call, fd, address.bytes, &room);
  address.length = room;
  return address;
}

}  // namespace

SocketRecord& record_of(ObjectId id) {
  SocketRecord& record = socket_state().records[id];
  const IoObject& object = object_of(id);
  if (record.inode == object.identity[1]) return record;
  drop_kept_datagrams(record);
  record = {};
  record.inode = object.identity[1];
  return record;
}

Socket enter_socket(int fd, int family, int type) {
  Socket socket;
  socket.fd = fd;
  socket.descriptor = {DescriptorKind::socket, object_by_inode(fd, DescriptorKind::socket)};
  socket.object = &object_of(socket.descriptor.object);
  socket.record = &record_of(socket.descriptor.object);
  socket.object->family = static_cast<std::uint8_t>(family);
  socket.object->type = static_cast<std::uint8_t>(type);
  socket.object->exact = true;  // what can happen to it begins in the run, until it leaves it
  set_descriptor(fd, socket.descriptor);
  return socket;
}

long find_socket(int fd, Socket& socket) {
  socket.fd = fd;
  socket.descriptor = look_up(fd);
  if (socket.descriptor.kind == DescriptorKind::unknown) {
    const long flags = raw(__NR_fcntl, fd, 1 /* F_GETFD */);
    return flags < 0 ? flags : -ENOTSOCK;
  }
  if (socket.descriptor.kind != DescriptorKind::socket) return -ENOTSOCK;
  socket.object = &object_of(socket.descriptor.object);
  socket.record = &record_of(socket.descriptor.object);
  if (socket.object->family != AF_UNSPEC) return 0;
  int family = AF_UNIX, type = SOCK_STREAM;  // from outside: as the kernel knows it
  std::uint32_t bytes = sizeof(int);
  raw(__NR_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &family, &bytes);
  raw(__NR_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &bytes);
  socket.object->family = static_cast<std::uint8_t>(family);
  socket.object->type = static_cast<std::uint8_t>(type);
  return 0;
}

void join_sockets(ObjectId one, ObjectId other) {
  object_of(one).peer = other;
  object_of(other).peer = one;
  object_of(one).exact = object_of(other).exact = true;
}

namespace model {

long socket(int family, int type, int protocol) {
  const int kind = type & kTypeMask;
  if ((type & ~kTypeMask & ~kFlags) != 0) return -EINVAL;
  if (family < 0 || family >= kFamiliesMax) return -EAFNOSUPPORT;
  if (kind >= kTypesMax) return -EINVAL;
  if (family == AF_INET || family == AF_INET6) return make_inet(family, type, protocol);
  if (family != AF_UNIX) return -EAFNOSUPPORT;
  const long fd = raw(__NR_socket, family, type, protocol);
  if (fd < 0) return fd;
  const int real_kind = kind == SOCK_RAW ? SOCK_DGRAM : kind;  // as unix_create() has it
  enter_socket(static_cast<int>(fd), family, real_kind);
  return fd;
}

long socketpair(int family, int type, int protocol, void* ends) {
  if (family == AF_INET || family == AF_INET6) {
    const long error = judge_inet(type & kTypeMask, protocol);
    return error != 0 ? error : -EOPNOTSUPP;
  }
  if (family != AF_UNIX) return -EAFNOSUPPORT;
  int pair[2];
  const long result = raw(__NR_socketpair, family, type, protocol, pair);
  if (result != 0) return result;
  const int kind = (type & kTypeMask) == SOCK_RAW ? SOCK_DGRAM : type & kTypeMask;
  ObjectId objects[2];
  for (int i = 0; i < 2; ++i) {
    Socket end = enter_socket(pair[i], family, kind);
    end.record->pid = end.record->peer_pid = current_process().pid;
    objects[i] = end.descriptor.object;
  }
  join_sockets(objects[0], objects[1]);
  if (put_user(pair, ends)) return 0;
  for (const int fd : pair) {
    raw(__NR_close, fd);
    forget_descriptor(fd);
  }
  return -EFAULT;
}

long bind(int fd, const void* name, std::uint32_t length) {
  Socket socket;
  SocketAddress address;
  if (const long error = find_socket(fd, socket)) return error;
  if (const long error = read_address(name, length, address)) return error;
  if (socket.is_inet()) return bind_inet(socket, address);
  if (length == sizeof(sa_family_t) && address.family() == AF_UNIX) {
    return socket.object->bound != 0 ? 0 : bind_somewhere(socket);
  }
  hide_run(address);
  const long result = raw(__NR_bind, fd, address.bytes, address.length);
  if (result != 0) return result;
  socket.object->bound = digest_of_name(address);
  if (length > sizeof(sa_family_t)) {
    socket_file_made(static_cast<const char*>(name) + sizeof(sa_family_t),
                     length - sizeof(sa_family_t));
  }
  return result;
}

long listen(int fd, int backlog) {
  Socket socket;
  if (const long error = find_socket(fd, socket)) return error;
  const long result = socket.is_inet() ? listen_inet(socket) : raw(__NR_listen, fd, backlog);
  if (result != 0) return result;
  socket.record->listening = true;
  socket.record->pid = current_process().pid;
  io_happened(socket.descriptor.object);
  return 0;
}

long accept4(int fd, void* name, void* length, int flags) {
  Socket listener;
  if ((flags & ~kFlags) != 0) return -EINVAL;
  if (const long error = find_socket(fd, listener)) return error;
  if (listener.is_datagram()) return -EOPNOTSUPP;
  if (listener.is_inet() && !listener.record->listening) return -EINVAL;
  return wait_for_socket(listener, kReadable, SO_RCVTIMEO, 0,
                         [&] { return accept_one(listener, name, length, flags); });
}

long accept(int fd, void* name, void* length) { return accept4(fd, name, length, 0); }

long connect(int fd, const void* name, std::uint32_t length) {
  Socket socket;
  SocketAddress address;
  if (const long error = find_socket(fd, socket)) return error;
  if (const long error = read_address(name, length, address)) return error;
  if (socket.is_inet()) return connect_inet(socket, address);
  if (address.family() == AF_UNIX) return connect_unix(socket, address);
  socket.record->sends_to = 0;
  return raw(__NR_connect, fd, address.bytes, address.length);
}

long shutdown(int fd, int how) {
  Socket socket;
  if (const long error = find_socket(fd, socket)) return error;
  if (socket.is_inet() && !socket.object->remote.known && !socket.record->listening) {
    return how < 0 || how > 2 ? -EINVAL : -ENOTCONN;
  }
  if (socket.is_inet_datagram()) return how < 0 || how > 2 ? -EINVAL : 0;
  const long result = raw(__NR_shutdown, fd, how);
  if (result != 0) return result;
  io_happened(socket.descriptor.object);
  if (socket.object->peer != kNoObject) io_happened(socket.object->peer);
  return 0;
}

long getsockname(int fd, void* name, void* length) {
  Socket socket;
  if (const long error = find_socket(fd, socket)) return error;
  if (socket.is_inet()) {
    SocketAddress address;
    show_inet_name(socket.object->local, socket.object->family, address);
    return write_address(address, name, length);
  }
  long result;
  SocketAddress address = kernel_name_of(fd, __NR_getsockname, result);
  show_run(address);
  return result != 0 ? result : write_address(address, name, length);
}

long getpeername(int fd, void* name, void* length) {
  Socket socket;
  if (const long error = find_socket(fd, socket)) return error;
  if (socket.is_inet()) {
    if (!socket.object->remote.known) return -ENOTCONN;
    SocketAddress address;
    show_inet_name(socket.object->remote, socket.object->family, address);
    return write_address(address, name, length);
  }
  long result;
  SocketAddress address = kernel_name_of(fd, __NR_getpeername, result);
  show_run(address);
  return result != 0 ? result : write_address(address, name, length);
}

}  // namespace model
}  // namespace detsim
