// Names of unix sockets, and how addresses come and go.
#include <asm-generic/errno.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/socket_state.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kHead = offsetof(sockaddr_un, sun_path);
constexpr std::uint32_t kPrefixBytes = 8;

void write_prefix(unsigned char (&prefix)[kPrefixBytes]) {
  prefix[0] = 1;
  prefix[1] = 'd';
  auto pid = static_cast<std::uint32_t>(world().config.launcher_pid);
  for (std::uint32_t i = kPrefixBytes; i-- > 2; pid >>= 4) {
    prefix[i] = static_cast<unsigned char>("0123456789abcdef"[pid & 15]);
  }
}

bool is_abstract(const SocketAddress& address) {
  return address.family() == AF_UNIX && address.length > kHead && address.bytes[kHead] == 0;
}

}  // namespace

long read_address(const void* from, std::uint32_t length, SocketAddress& address) {
  if (length > sizeof address.bytes) return -EINVAL;
  memset(address.bytes, 0, sizeof address.bytes);
  if (length != 0 && !copy_from_user(address.bytes, from, length)) return -EFAULT;
  address.length = length;
  return 0;
}

long write_address(const SocketAddress& address, void* to, void* length) {
  std::int32_t room;
  if (!get_user(room, length)) return -EFAULT;
  if (room < 0) return -EINVAL;
  const auto known = static_cast<std::int32_t>(address.length);
  const auto count = room < known ? room : known;
  if (!copy_to_user(to, address.bytes, static_cast<std::size_t>(count))) return -EFAULT;
  return put_user(known, length) ? 0 : -EFAULT;
}

// A name that is too long for the prefix stays as it is, and is then shared with the host.
void hide_run(SocketAddress& address) {
  if (!is_abstract(address) || address.length + kPrefixBytes > sizeof(sockaddr_un)) return;
  unsigned char* name = address.bytes + kHead + 1;
  memmove(name + kPrefixBytes, name, address.length - kHead - 1);
  unsigned char prefix[kPrefixBytes];
  write_prefix(prefix);
  memcpy(name, prefix, kPrefixBytes);
  address.length += kPrefixBytes;
}

void show_run(SocketAddress& address) {
  if (!is_abstract(address) || address.length < kHead + 1 + kPrefixBytes) return;
  unsigned char* name = address.bytes + kHead + 1;
  unsigned char prefix[kPrefixBytes];
  write_prefix(prefix);
  if (memcmp(name, prefix, kPrefixBytes) != 0) return;
  address.length -= kPrefixBytes;
  memmove(name, name + kPrefixBytes, address.length - kHead - 1);
}

std::uint64_t digest_of_name(const SocketAddress& address) {
  if (address.family() != AF_UNIX || address.length <= kHead) return 0;
  std::uint64_t digest = address.length;
  if (is_abstract(address)) {
    for (std::uint32_t i = kHead; i < address.length; ++i) {
      digest = mix64(digest * 257 + address.bytes[i]);
    }
    return digest | 1;
  }
  char path[sizeof(sockaddr_un) + 1] = {};
  memcpy(path, address.bytes + kHead, address.length - kHead);
  struct stat status;
  if (raw(__NR_stat, path, &status) != 0) return 0;
  return mix64(mix64(status.st_dev) + status.st_ino) | 1;
}

ObjectId find_bound(std::uint64_t digest) {
  if (digest == 0) return kNoObject;
  const auto end = descriptor_state().objects_used;
  for (ObjectId id = 1; id < end; ++id) {
    const IoObject& object = object_of(id);
    if (object.kind == DescriptorKind::socket && object.bound == digest) return id;
  }
  return kNoObject;
}

long bind_somewhere(Socket& socket) {
  for (int tries = 0; tries < 1 << 20; ++tries) {
    SocketAddress address;
    memset(address.bytes, 0, sizeof address.bytes);
    address.bytes[0] = AF_UNIX;
    auto number = ++socket_state().autobinds_used & 0xfffff;
    for (std::uint32_t i = kHead + 5; i > kHead; --i, number >>= 4) {
      address.bytes[i] = static_cast<unsigned char>("0123456789abcdef"[number & 15]);
    }
    address.length = kHead + 6;
    hide_run(address);
    const long result = raw(__NR_bind, socket.fd, address.bytes, address.length);
    if (result == -EADDRINUSE) continue;
    if (result == 0) socket.object->bound = digest_of_name(address);
    return result;
  }
  return -ENOSPC;
}

}  // namespace detsim
