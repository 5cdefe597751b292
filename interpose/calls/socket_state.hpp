// What the world knows about sockets beyond IoObject: one record per object, in a region of its
// own. Private to the socket_* files.
//
// A socket of the internet families is a unix socket underneath (docs/io.md): its name, port and
// options are the world's, and its kernel name, which the kernel draws, is never shown.
#pragma once
#include <sys/socket.h>

#include "interpose/calls/descriptors.hpp"
#include "scheduler/world.hpp"

namespace detsim {

constexpr std::uint64_t kSocketRegion = kWorldAddress + (22ull << 30);
constexpr std::uint32_t kSocketRecordsMax = 1 << 20;  // as many as objects
constexpr unsigned kSocketValuesMax = 48;
constexpr unsigned kDatagramsMax = 16384, kDatagramBlocksMax = 65536, kDatagramBlockBytes = 2048;

struct SocketAddress {
  alignas(8) unsigned char bytes[128];
  std::uint32_t length = 0;

  std::uint16_t family() const { return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8); }
};

struct SocketRecord {
  std::uint64_t inode;  // whose record it is; another one's is stale
  bool is_inet;         // AF_INET or AF_INET6, modelled
  bool listening, connecting, reuse_port, passes_credentials;
  std::int32_t pid;        // who listened, connected or made the pair: its peer's SO_PEERCRED
  std::int32_t peer_pid;   // 0: not known
  std::int32_t error;      // what SO_ERROR tells next
  std::uint64_t sends_to;  // unix datagram socket that was connected: digest of the name
  std::uint8_t kernel_name_bytes;
  char kernel_name[7];  // abstract, without the leading zero
  std::uint32_t turns;  // connections given to sockets that share the port
  std::uint32_t first_kept, last_kept,
      kept_bytes;  // datagrams that the kernel's queue has no room for
  std::uint64_t values_set;
  std::int32_t values[kSocketValuesMax];  // options, see socket_options.cpp
};

/// Goes before the bytes of each internet datagram on its way through the kernel.
struct DatagramHeader {
  unsigned char address[16];
  std::uint16_t port;
  std::uint16_t family;  // kRefusal: no datagram, but the news that one was refused
};
constexpr std::uint16_t kRefusal = 0xffff;

struct KeptDatagram {
  std::uint32_t next;  // index + 1
  std::uint32_t first_block, bytes;
};

struct SocketState {
  std::uint32_t ports_used;      // ephemeral ports given out so far
  std::uint32_t autobinds_used;  // names given to unix sockets so far
  std::uint32_t datagrams_used, datagram_free, blocks_used, block_free;  // free: index + 1
  SocketRecord records[kSocketRecordsMax];
  KeptDatagram datagrams[kDatagramsMax];
  std::uint32_t next_block[kDatagramBlocksMax];
  unsigned char blocks[kDatagramBlocksMax][kDatagramBlockBytes];
};
static_assert(sizeof(SocketState) < 2ull << 30);

inline SocketState& socket_state() { return *reinterpret_cast<SocketState*>(kSocketRegion); }

/// A socket of the current process, for the time of a call.
struct Socket {
  int fd = -1;
  Descriptor descriptor;
  IoObject* object = nullptr;
  SocketRecord* record = nullptr;

  bool is_inet() const { return record->is_inet; }
  bool is_stream() const { return object->type == SOCK_STREAM; }
  bool is_datagram() const { return object->type == SOCK_DGRAM; }
  bool is_inet_datagram() const { return is_inet() && is_datagram(); }
  bool is_unix_datagram() const { return !is_inet() && is_datagram(); }
};

/// What `fd` stands for. Not 0: EBADF or ENOTSOCK.
long find_socket(int fd, Socket& socket);
/// Puts a fresh descriptor in the table.
Socket enter_socket(int fd, int family, int type);
SocketRecord& record_of(ObjectId id);
/// Two ends of a connection, known to be that.
void join_sockets(ObjectId one, ObjectId other);

// -- names (socket_names.cpp)

/// The target's address. 0, EFAULT or EINVAL.
long read_address(const void* from, std::uint32_t length, SocketAddress& address);
/// To the target, as the calls that tell an address do it: `length` says how much room there is.
long write_address(const SocketAddress& address, void* to, void* length);

/// Abstract unix names are the run's own: a prefix in the kernel keeps them apart from the host's.
void hide_run(SocketAddress& address);
void show_run(SocketAddress& address);
/// What identifies a unix name (in the kernel's terms): the file behind a path, or its bytes.
std::uint64_t digest_of_name(const SocketAddress& address);
/// Who is bound to it; kNoObject: nobody in this run.
ObjectId find_bound(std::uint64_t digest);
/// Gives an unnamed unix socket a name of the run's own, as the kernel's autobind would.
long bind_somewhere(Socket& socket);

// -- internet names (inet_names.cpp)

/// From the target's terms; `family` is the socket's. 0, EINVAL or EAFNOSUPPORT.
long read_inet_name(const SocketAddress& address, int family, InetName& name);
void show_inet_name(const InetName& name, int family, SocketAddress& address);
bool is_any(const InetName& name);
bool is_ipv4(const InetName& name);
bool is_loopback(const InetName& name);
/// Where a packet to `to` comes from.
InetName source_for(const InetName& to);
/// Whether the socket may have this name beside all others.
bool is_name_free(const Socket& socket, const InetName& name, bool to_listen);
/// Binds to a free port; 0 or EADDRINUSE.
long choose_port(Socket& socket, InetName name);
/// The listening socket, or the datagram socket, that a packet from `from` to `to` reaches.
ObjectId find_receiver(int type, const InetName& to, const InetName& from);
/// Makes the socket underneath reachable.
long name_underneath(Socket& socket);
SocketAddress kernel_address(const SocketRecord& record);

// -- datagrams that wait (kept_datagrams.cpp)

/// Queues a datagram in the world, for when the receiver's queue has room again; drops it when
/// there is too much. `pieces` holds the target's pointers, the header not among them.
long keep_datagram(SocketRecord& receiver, const DatagramHeader& header, const struct iovec* pieces,
                   std::size_t count);
/// Moves kept datagrams to the kernel as far as there is room.
void pass_kept_datagrams(SocketRecord& receiver);
void drop_kept_datagrams(SocketRecord& receiver);

}  // namespace detsim
