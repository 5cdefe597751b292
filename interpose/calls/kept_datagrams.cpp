// Internet datagrams that wait in the world: a unix socket holds eleven, a real one as many as its
// receive buffer has room for. Who sends never waits; what is too much is lost, as with UDP.
#include <asm-generic/errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/socket_state.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kReceiveBuffer = 212992;  // net.core.rmem_default
constexpr std::uint32_t kOverhead = 768;          // what the kernel charges for a small packet
constexpr std::size_t kBlocksPerDatagram = 40;    // more than the largest one needs

std::uint32_t take_block() {
  auto& state = socket_state();
  const auto block = state.block_free;
  if (block == 0) return state.blocks_used == kDatagramBlocksMax ? 0 : ++state.blocks_used;
  state.block_free = state.next_block[block - 1];
  return block;
}

void free_datagram(std::uint32_t link) {
  auto& state = socket_state();
  KeptDatagram& datagram = state.datagrams[link - 1];
  for (auto block = datagram.first_block; block != 0;) {
    const auto next = state.next_block[block - 1];
    state.next_block[block - 1] = state.block_free;
    state.block_free = block;
    block = next;
  }
  datagram = {state.datagram_free, 0, 0};
  state.datagram_free = link;
}

std::uint32_t take_datagram() {
  auto& state = socket_state();
  const auto link = state.datagram_free;
  if (link == 0) return state.datagrams_used == kDatagramsMax ? 0 : ++state.datagrams_used;
  state.datagram_free = state.datagrams[link - 1].next;
  return link;
}

/// Writes into a chain of blocks.
struct BlockWriter {
  std::uint32_t* end;
  std::uint32_t block = 0;
  std::uint32_t used = kDatagramBlockBytes;
  std::uint32_t total = 0;

  long write(const unsigned char* from, std::size_t bytes) {
    auto& state = socket_state();
    while (bytes != 0) {
      if (used == kDatagramBlockBytes) {
        block = take_block();
        if (block == 0) return -ENOBUFS;
        state.next_block[block - 1] = 0;
        *end = block;
        end = &state.next_block[block - 1];
        used = 0;
      }
      const auto room = kDatagramBlockBytes - used;
      const auto count = bytes < room ? static_cast<std::uint32_t>(bytes) : room;
      if (!copy_from_user(state.blocks[block - 1] + used, from, count)) return -EFAULT;
      used += count;
      total += count;
      from += count;
      bytes -= count;
    }
    return 0;
  }
};

// From a socket made for the purpose: how much the sender's own has in flight does not matter.
long pass_on(int fd, const SocketRecord& receiver, const KeptDatagram& datagram) {
  auto& state = socket_state();
  iovec pieces[kBlocksPerDatagram];
  std::size_t count = 0;
  auto block = datagram.first_block;
  for (std::uint32_t done = 0; done < datagram.bytes; done += kDatagramBlockBytes) {
    const auto left = datagram.bytes - done;
    pieces[count++] = {state.blocks[block - 1],
                       left < kDatagramBlockBytes ? left : kDatagramBlockBytes};
    block = state.next_block[block - 1];
  }
  SocketAddress to = kernel_address(receiver);
  msghdr message = {};
  message.msg_name = to.bytes;
  message.msg_namelen = to.length;
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  return raw(__NR_sendmsg, fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

long keep_datagram(SocketRecord& receiver, const DatagramHeader& header, const iovec* pieces,
                   std::size_t count) {
  auto& state = socket_state();
  if (receiver.kept_bytes > kReceiveBuffer) return 0;  // lost
  const auto link = take_datagram();
  if (link == 0) return 0;
  KeptDatagram& datagram = state.datagrams[link - 1];
  datagram = {};
  BlockWriter writer{&datagram.first_block};
  long error = writer.write(reinterpret_cast<const unsigned char*>(&header), sizeof header);
  for (std::size_t i = 0; i < count && error == 0; ++i) {
    error = writer.write(static_cast<const unsigned char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  if (error != 0) {
    free_datagram(link);
    return error == -ENOBUFS ? 0 : error;
  }
  datagram.bytes = writer.total;
  receiver.kept_bytes += datagram.bytes + kOverhead;
  if (receiver.first_kept == 0) {
    receiver.first_kept = link;
  } else {
    state.datagrams[receiver.last_kept - 1].next = link;
  }
  receiver.last_kept = link;
  pass_kept_datagrams(receiver);
  return 0;
}

void pass_kept_datagrams(SocketRecord& receiver) {
  if (receiver.first_kept == 0) return;
  auto& state = socket_state();
  const long made = raw(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (made < 0) return;
  const int fd = static_cast<int>(made);
  while (receiver.first_kept != 0) {
    const auto link = receiver.first_kept;
    const KeptDatagram datagram = state.datagrams[link - 1];
    if (pass_on(fd, receiver, datagram) == -EAGAIN) break;
    receiver.first_kept = datagram.next;
    receiver.kept_bytes -= datagram.bytes + kOverhead;
    free_datagram(link);
  }
  if (receiver.first_kept == 0) receiver.last_kept = 0;
  raw(__NR_close, fd);
}

void drop_kept_datagrams(SocketRecord& receiver) {
  while (receiver.first_kept != 0) {
    const auto link = receiver.first_kept;
    receiver.first_kept = socket_state().datagrams[link - 1].next;
    free_datagram(link);
  }
  receiver.last_kept = receiver.kept_bytes = 0;
}

}  // namespace detsim
