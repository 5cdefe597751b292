// What shared memory, semaphores and message queues have in common: owners and permissions.
#include "interpose/calls/ipc.hpp"

#include "interpose/base/raw.hpp"
#include "interpose/calls/ipc_state.hpp"

namespace detsim {
namespace {

std::uint32_t effective_uid() { return static_cast<std::uint32_t>(raw(__NR_geteuid)); }
std::uint32_t effective_gid() { return static_cast<std::uint32_t>(raw(__NR_getegid)); }

bool in_group(std::uint32_t gid) {
  if (gid == effective_gid()) return true;
  std::uint32_t groups[256];
  const long count = raw(__NR_getgroups, 256, groups);
  for (long i = 0; i < count; ++i) {
    if (groups[i] == gid) return true;
  }
  return false;
}

}  // namespace

// ipcperms() of ipc/util.c, with the capabilities that uid 0 has.
bool ipc_permits(const IpcHeader& header, std::uint32_t wanted) {
  const auto uid = effective_uid();
  if (uid == 0) return true;
  const auto requested = (wanted >> 6) | (wanted >> 3) | wanted;
  auto granted = header.mode;
  if (uid == header.creator_uid || uid == header.uid) {
    granted >>= 6;
  } else if (in_group(header.creator_gid) || in_group(header.gid)) {
    granted >>= 3;
  }
  return (requested & ~granted & 7) == 0;
}

bool ipc_owns(const IpcHeader& header) {
  const auto uid = effective_uid();
  return uid == 0 || uid == header.creator_uid || uid == header.uid;
}

void ipc_begin(IpcHeader& header, std::int32_t key, int flags) {
  header.used = true;
  header.key = key;
  header.mode = static_cast<std::uint32_t>(flags) & 0777;
  header.uid = header.creator_uid = effective_uid();
  header.gid = header.creator_gid = effective_gid();
  header.changed_s = wall_seconds();
}

void ipc_change(IpcHeader& header, const ipc64_perm& wanted) {
  header.uid = wanted.uid;
  header.gid = wanted.gid;
  header.mode = (header.mode & ~0777u) | (wanted.mode & 0777u);
  header.changed_s = wall_seconds();
}

void ipc_describe(const IpcHeader& header, ipc64_perm& description) {
  description = {};
  description.key = header.key;
  description.uid = header.uid;
  description.gid = header.gid;
  description.cuid = header.creator_uid;
  description.cgid = header.creator_gid;
  description.mode = header.mode;
  description.seq = static_cast<unsigned short>(header.sequence);
}

}  // namespace detsim
