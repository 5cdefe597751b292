// Sending and receiving: tried with MSG_DONTWAIT, then waited for. SIGPIPE is the world's.
#include <asm-generic/errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/calls/socket_control.hpp"
#include "interpose/calls/socket_state.hpp"
#include "interpose/calls/socket_wait.hpp"
#include "interpose/calls/sockets.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::size_t kPiecesMax = 1024;  // UIO_MAXIOV
constexpr std::size_t kInetDatagramMax = 65507;
constexpr long kAnother = -1025;  // inside: there was nothing for the target, look again
constexpr std::int64_t kHeaderBytes = sizeof(DatagramHeader);

/// The target's buffers. One more place lies in front, for the header of an internet datagram.
struct Pieces {
  iovec* first;
  std::size_t count;

  std::size_t bytes() const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += first[i].iov_len;
    return total;
  }
  void advance(std::size_t bytes) {
    while (count > 0 && bytes >= first->iov_len) {
      bytes -= first->iov_len;
      ++first, --count;
    }
    if (count == 0) return;
    first->iov_base = static_cast<char*>(first->iov_base) + bytes;
    first->iov_len -= bytes;
  }
};

struct Buffers {
  iovec pieces[kPiecesMax + 1];
  Pieces all(std::size_t count) { return {pieces + 1, count}; }
};

/// What comes with a message beside its bytes.
struct Letter {
  SocketAddress name;
  alignas(8) unsigned char control[kControlMax];
  std::size_t control_bytes = 0;  // receiving: room, then what came
  int flags = 0;
  bool only_bytes = false;  // receiving: nobody asks for more than the bytes
};

// -- receiving

void show_sender(const Socket& socket, const DatagramHeader& header, SocketAddress& name) {
  InetName from = {};
  memcpy(from.address, header.address, sizeof from.address);
  from.port = header.port;
  show_inet_name(from, socket.object->family, name);
}

// A connected socket to whom a refusal was sent.
long take_error(const Socket& socket) {
  if (!socket.is_inet() || socket.record->error == 0 || socket.record->connecting) return 0;
  const long error = socket.record->error;
  socket.record->error = 0;
  return -error;
}

// The refusal lay in the queue, so that poll would tell. It may have been told by another call.
long take_refusal(const Socket& socket, int flags) {
  DatagramHeader header;
  if ((flags & MSG_PEEK) != 0) {
    raw(__NR_recvfrom, socket.fd, &header, sizeof header, MSG_DONTWAIT, nullptr, nullptr);
  }
  const long error = take_error(socket);
  return error != 0 ? error : kAnother;
}

// Nobody is there. As an error of the ICMP protocol would, it comes back to a connected socket.
void refuse_datagram(const Socket& socket) {
  if (!socket.object->remote.known) return;
  const bool is_told = socket.record->error != 0;
  socket.record->error = ECONNREFUSED;
  if (is_told) return;
  DatagramHeader header = {};
  header.family = kRefusal;
  const SocketAddress mine = kernel_address(*socket.record);
  raw(__NR_sendto, socket.fd, &header, sizeof header, MSG_DONTWAIT | MSG_NOSIGNAL, mine.bytes,
      mine.length);
  io_happened(socket.descriptor.object, kReadable);
}

long receive_once(const Socket& socket, Pieces to, int flags, Letter& letter) {
  if (letter.only_bytes && socket.is_stream()) {
    return raw(__NR_recvfrom, socket.fd, to.first->iov_base, to.first->iov_len,
               flags | MSG_DONTWAIT, nullptr, nullptr);
  }
  DatagramHeader header = {};
  const bool has_header = socket.is_inet_datagram();
  if (has_header) {
    --to.first, ++to.count;
    to.first[0] = {&header, sizeof header};
  }
  msghdr message = {};
  message.msg_name = letter.name.bytes;
  message.msg_namelen = sizeof letter.name.bytes;
  message.msg_iov = to.first;
  message.msg_iovlen = to.count;
  message.msg_control = letter.control_bytes != 0 ? letter.control : nullptr;
  message.msg_controllen = letter.control_bytes;
  const long result = raw(__NR_recvmsg, socket.fd, &message, flags | MSG_DONTWAIT);
  if (result < 0) return result;
  letter.flags = message.msg_flags & ~MSG_DONTWAIT;
  letter.control_bytes = message.msg_controllen;
  if (message.msg_controllen != 0) translate_control(message, (flags & MSG_PEEK) != 0);
  letter.name.length = message.msg_namelen;
  if (has_header && header.family == kRefusal) return take_refusal(socket, flags);
  if (has_header) {
    show_sender(socket, header, letter.name);
    return result >= kHeaderBytes ? result - kHeaderBytes : 0;
  }
  if (socket.is_inet()) {
    letter.name.length = 0;
  } else {
    show_run(letter.name);
  }
  return result;
}

void took_some(const Socket& socket) {
  if (socket.is_inet_datagram()) return pass_kept_datagrams(*socket.record);
  if (socket.is_datagram()) io_happened(socket.descriptor.object, kWritable);
  if (socket.object->peer != kNoObject || !socket.object->exact) {
    io_happened(socket.object->peer, kWritable);
  }
}

// MSG_PEEK with MSG_WAITALL looks until as much is there, or no more can come.
bool is_enough(const Socket& socket, long result, std::size_t wanted) {
  if (result <= 0 || static_cast<std::size_t>(result) >= wanted) return true;
  pollfd look{socket.fd, 0x2000 /* POLLRDHUP */, 0};
  return raw(__NR_poll, &look, 1, 0) != 0;
}

long receive(int fd, Pieces to, int flags, Letter& letter) {
  Socket socket;
  if (const long error = find_socket(fd, socket)) return error;
  if (socket.is_inet_datagram() && !socket.object->local.known) {
    if (const long error = name_underneath(socket)) return error;
  }
  if (socket.is_inet() && socket.is_stream() && !socket.object->remote.known) {
    const long error = take_error(socket);
    return error != 0 ? error : -ENOTCONN;
  }
  const bool peeks = (flags & MSG_PEEK) != 0;
  const bool wants_all = (flags & MSG_WAITALL) != 0 && socket.is_stream();
  const auto wanted = to.bytes(), room = letter.control_bytes;
  const int each = flags & ~MSG_WAITALL;
  long done = 0;
  for (;;) {
    const long result = wait_for_socket(socket, kReadable, SO_RCVTIMEO, flags, [&]() -> long {
      if (const long error = take_error(socket)) return error;
      letter.control_bytes = done == 0 ? room : 0;
      long got;
      do {
        got = receive_once(socket, to, each, letter);
      } while (got == kAnother);
      return wants_all && peeks && !is_enough(socket, got, wanted) ? -EAGAIN : got;
    });
    if (result > 0 && !peeks) took_some(socket);
    if (result < 0) return done != 0 ? done : result;
    if (!socket.is_stream() && !peeks && result == 0) took_some(socket);
    done += result;
    if (!wants_all || peeks || result == 0 || static_cast<std::size_t>(done) >= wanted) return done;
    to.advance(static_cast<std::size_t>(result));
  }
}

// -- sending

long send_once(const Socket& socket, const Pieces& from, int flags, const Letter& letter,
               bool with_control) {
  const int each = flags | MSG_DONTWAIT | MSG_NOSIGNAL;
  const bool has_control = with_control && letter.control_bytes != 0;
  if (from.count == 1 && !has_control && letter.name.length == 0) {
    return raw(__NR_sendto, socket.fd, from.first->iov_base, from.first->iov_len, each, nullptr, 0);
  }
  msghdr message = {};
  if (letter.name.length != 0) {
    message.msg_name = const_cast<unsigned char*>(letter.name.bytes);
    message.msg_namelen = letter.name.length;
  }
  message.msg_iov = from.first;
  message.msg_iovlen = from.count;
  if (has_control) {
    message.msg_control = const_cast<unsigned char*>(letter.control);
    message.msg_controllen = letter.control_bytes;
  }
  return raw(__NR_sendmsg, socket.fd, &message, each);
}

// A stream takes what there is room for; a call that may wait ends when all was taken.
long send_stream(Socket& socket, Pieces from, int flags, const Letter& letter) {
  long done = 0;
  for (;;) {
    long result = wait_for_socket(socket, kWritable, SO_SNDTIMEO, flags, [&] {
      return send_once(socket, from, flags, letter, done == 0);
    });
    if (result == -ENOTCONN && socket.is_inet()) result = -EPIPE;  // as tcp_sendmsg() has it
    if (result > 0) {
      if (socket.object->peer != kNoObject || !socket.object->exact) {
        io_happened(socket.object->peer, kReadable);
      }
      done += result;
      from.advance(static_cast<std::size_t>(result));
      if (from.bytes() != 0) continue;
      return done;
    }
    if (result == -EPIPE && done == 0 && (flags & MSG_NOSIGNAL) == 0) {
      post(current_task(),
           {.number = SIGPIPE, .code = SI_USER, .pid = current_process().pid, .uid = real_uid()});
    }
    return done != 0 ? done : result;
  }
}

// Whole messages: to the other end, or to whoever has the name.
long send_whole(Socket& socket, Pieces from, int flags, const Letter& letter) {
  ObjectId to = socket.object->peer;
  if (letter.name.length != 0) {
    to = find_bound(digest_of_name(letter.name));
  } else if (to == kNoObject) {
    to = find_bound(socket.record->sends_to);
  }
  hold_object(to);
  const long result = wait_for_socket(
      socket, kWritable, SO_SNDTIMEO, flags,
      [&] { return send_once(socket, from, flags, letter, true); }, to);
  if (result >= 0) io_happened(to, kReadable);
  release_object(to);
  return result;
}

long find_destination(Socket& socket, const Letter& letter, InetName& to) {
  IoObject& object = *socket.object;
  if (letter.name.length == 0) {
    if (!object.remote.known) return -EDESTADDRREQ;
    to = object.remote;
  } else {
    if (letter.name.length < 2) return -EINVAL;
    if (const long error = read_inet_name(letter.name, object.family, to)) return error;
    if (to.port == 0) return -EINVAL;
    if (is_any(to)) {
      const auto port = to.port;
      to = source_for(to);
      to.port = port;
    }
  }
  if (!is_loopback(to) || (is_ipv4(to) && object.v6only)) return -ENETUNREACH;
  if (object.local.known) return 0;
  if (const long error = name_underneath(socket)) return error;
  InetName any = {};
  if (object.family == AF_INET) any.address[10] = any.address[11] = 0xff;
  return choose_port(socket, any);
}

long send_inet_datagram(Socket& socket, Pieces from, const Letter& letter) {
  InetName to;
  if (const long error = take_error(socket)) return error;
  if (const long error = find_destination(socket, letter, to)) return error;
  const auto bytes = from.bytes();
  if (bytes > kInetDatagramMax) return -EMSGSIZE;
  InetName source = is_any(socket.object->local) ? source_for(to) : socket.object->local;
  source.port = socket.object->local.port;
  const ObjectId receiver = find_receiver(SOCK_DGRAM, to, source);
  if (receiver == kNoObject) {
    refuse_datagram(socket);
    return static_cast<long>(bytes);
  }
  DatagramHeader header = {};
  memcpy(header.address, source.address, sizeof header.address);
  header.port = source.port;
  header.family = socket.object->family;
  SocketRecord& record = record_of(receiver);
  long result = -EAGAIN;
  if (record.first_kept == 0) {
    SocketAddress address = kernel_address(record);
    msghdr message = {};
    message.msg_name = address.bytes;
    message.msg_namelen = address.length;
    from.first[-1] = {&header, sizeof header};
    message.msg_iov = from.first - 1;
    message.msg_iovlen = from.count + 1;
    result = raw(__NR_sendmsg, socket.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  if (result == -EAGAIN) result = keep_datagram(record, header, from.first, from.count);
  if (result < 0) return result == -ECONNREFUSED ? static_cast<long>(bytes) : result;
  io_happened(receiver, kReadable);
  return static_cast<long>(bytes);
}

long send(int fd, Pieces from, int flags, Letter& letter) {
  Socket socket;
  if (const long error = find_socket(fd, socket)) return error;
  if (socket.record->passes_credentials && socket.is_unix_datagram() && socket.object->bound == 0) {
    bind_somewhere(socket);
  }
  msghdr control = {};
  control.msg_control = letter.control_bytes != 0 ? letter.control : nullptr;
  control.msg_controllen = letter.control_bytes;
  if (letter.control_bytes != 0) {
    if (const long error = prepare_control(socket, control)) return error;
    letter.control_bytes = control.msg_controllen;
  }
  long result;
  if (socket.is_inet_datagram()) {
    result = send_inet_datagram(socket, from, letter);
  } else if (socket.is_stream()) {
    if (socket.is_inet()) letter.name.length = 0;
    result = send_stream(socket, from, flags, letter);
  } else {
    result = send_whole(socket, from, flags, letter);
  }
  if (result < 0 && letter.control_bytes != 0) take_back_control(control);
  return result;
}

// -- the target's message headers

long load_pieces(const msghdr& message, Buffers& buffers) {
  if (message.msg_iovlen > kPiecesMax) return -EMSGSIZE;
  if (!copy_from_user(buffers.pieces + 1, message.msg_iov, message.msg_iovlen * sizeof(iovec))) {
    return -EFAULT;
  }
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
    if (static_cast<std::int64_t>(buffers.pieces[i + 1].iov_len) < 0) return -EINVAL;
  }
  return 0;
}

long send_message(int fd, const msghdr* from, int flags) {
  msghdr message;
  Buffers buffers;
  Letter letter;
  if (!get_user(message, from)) return -EFAULT;
  if (message.msg_name != nullptr && message.msg_namelen != 0) {
    if (const long error = read_address(message.msg_name, message.msg_namelen, letter.name)) {
      return error;
    }
    hide_run(letter.name);
  }
  if (message.msg_controllen > sizeof letter.control) return -ENOBUFS;
  if (message.msg_control == nullptr) message.msg_controllen = 0;
  letter.control_bytes = message.msg_controllen;
  if (!copy_from_user(letter.control, message.msg_control, letter.control_bytes)) return -EFAULT;
  if (const long error = load_pieces(message, buffers)) return error;
  return send(fd, buffers.all(message.msg_iovlen), flags, letter);
}

long receive_message(int fd, msghdr* to, int flags) {
  msghdr message;
  Buffers buffers;
  Letter letter;
  if (!get_user(message, to)) return -EFAULT;
  if (static_cast<std::int32_t>(message.msg_namelen) < 0) return -EINVAL;
  if (const long error = load_pieces(message, buffers)) return error;
  const auto room = message.msg_control == nullptr ? 0 : message.msg_controllen;
  letter.control_bytes = room < sizeof letter.control ? room : sizeof letter.control;
  const long result = receive(fd, buffers.all(message.msg_iovlen), flags, letter);
  if (result < 0) return result;
  if (message.msg_name != nullptr) {
    if (write_address(letter.name, message.msg_name, &to->msg_namelen) != 0) return -EFAULT;
  }
  if (letter.control_bytes != 0 &&
      !copy_to_user(message.msg_control, letter.control, letter.control_bytes)) {
    return -EFAULT;
  }
  const bool stored =
      put_user(letter.control_bytes, &to->msg_controllen) && put_user(letter.flags, &to->msg_flags);
  return stored ? result : -EFAULT;
}

long deadline_of(const void* timeout, std::uint64_t& deadline_ns) {
  std::int64_t time[2];
  if (timeout == nullptr) return 0;
  if (!get_user(time, timeout)) return -EFAULT;
  if (time[0] < 0 || time[1] < 0 || time[1] >= 1'000'000'000) return -EINVAL;
  deadline_ns = deadline_from(1, time[0], time[1], false);
  return 0;
}

}  // namespace

long read_socket(int fd, const void* pieces, std::size_t count) {
  Buffers buffers;
  Letter letter;
  letter.only_bytes = count == 1;
  memcpy(buffers.pieces + 1, pieces, count * sizeof(iovec));
  return receive(fd, buffers.all(count), 0, letter);
}

long write_socket(int fd, const void* pieces, std::size_t count) {
  Buffers buffers;
  Letter letter;
  memcpy(buffers.pieces + 1, pieces, count * sizeof(iovec));
  return send(fd, buffers.all(count), 0, letter);
}

namespace model {

long sendto(int fd, const void* buffer, std::size_t bytes, int flags, const void* name,
            std::uint32_t length) {
  Letter letter;
  iovec pieces[2] = {{}, {const_cast<void*>(buffer), bytes}};
  if (name != nullptr) {
    if (const long error = read_address(name, length, letter.name)) return error;
    hide_run(letter.name);
  }
  return send(fd, {pieces + 1, 1}, flags, letter);
}

long recvfrom(int fd, void* buffer, std::size_t bytes, int flags, void* name, void* length) {
  Letter letter;
  iovec pieces[2] = {{}, {buffer, bytes}};
  letter.only_bytes = name == nullptr;
  const long result = receive(fd, {pieces + 1, 1}, flags, letter);
  if (result < 0 || name == nullptr) return result;
  const long error = write_address(letter.name, name, length);
  return error != 0 ? error : result;
}

long sendmsg(int fd, const void* message, int flags) {
  return send_message(fd, static_cast<const msghdr*>(message), flags);
}

long recvmsg(int fd, void* message, int flags) {
  return receive_message(fd, static_cast<msghdr*>(message), flags);
}

long sendmmsg(int fd, void* vector, std::uint32_t count, int flags) {
  auto* messages = static_cast<mmsghdr*>(vector);
  if (count > kPiecesMax) count = kPiecesMax;
  for (std::uint32_t i = 0; i < count; ++i) {
    const long result = send_message(fd, &messages[i].msg_hdr, flags);
    if (result < 0) return i != 0 ? i : result;
    if (!put_user(static_cast<std::uint32_t>(result), &messages[i].msg_len)) return -EFAULT;
  }
  return count;
}

long recvmmsg(int fd, void* vector, std::uint32_t count, int flags, void* timeout) {
  constexpr int kWaitForOne = 0x10000;
  auto* messages = static_cast<mmsghdr*>(vector);
  std::uint64_t deadline_ns = kNever;
  if (const long error = deadline_of(timeout, deadline_ns)) return error;
  if (count > kPiecesMax) count = kPiecesMax;
  std::uint32_t done = 0;
  while (done < count) {
    const long result = receive_message(fd, &messages[done].msg_hdr, flags & ~kWaitForOne);
    if (result < 0) return done != 0 ? done : result;
    if (!put_user(static_cast<std::uint32_t>(result), &messages[done].msg_len)) return -EFAULT;
    ++done;
    if ((flags & kWaitForOne) != 0) flags |= MSG_DONTWAIT;
    if (world().scheduler.now_ns >= deadline_ns) break;
  }
  return done;
}

}  // namespace model
}  // namespace detsim
