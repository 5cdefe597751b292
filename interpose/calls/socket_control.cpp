#include "interpose/calls/socket_control.hpp"

#include <asm-generic/errno.h>
#include <netinet/in.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr int kTimestampNew = 63, kTimestampNanosecondsNew = 64, kTimestampingNew = 65;
constexpr std::size_t kHead = CMSG_LEN(0);

struct Credentials {  // struct ucred
  std::int32_t pid;
  std::uint32_t uid, gid;
};

template <typename Visit>
void for_control(const msghdr& message, Visit visit) {
  auto* at = static_cast<unsigned char*>(message.msg_control);
  std::size_t left = at == nullptr ? 0 : message.msg_controllen;
  while (left >= kHead) {
    auto* header = reinterpret_cast<cmsghdr*>(at);
    if (header->cmsg_len < kHead || header->cmsg_len > left) return;
    visit(*header, at + kHead, header->cmsg_len - kHead);
    const auto step = CMSG_ALIGN(header->cmsg_len);
    if (step >= left) return;
    at += step;
    left -= step;
  }
}

template <typename Visit>
void for_passed(const msghdr& message, Visit visit) {
  for_control(message, [&](const cmsghdr& header, const unsigned char* data, std::size_t bytes) {
    if (header.cmsg_level != SOL_SOCKET || header.cmsg_type != SCM_RIGHTS) return;
    for (std::size_t i = 0; i + sizeof(int) <= bytes; i += sizeof(int)) {
      int fd;
      memcpy(&fd, data + i, sizeof fd);
      visit(fd);
    }
  });
}

void set_time(unsigned char* data, std::size_t bytes, std::uint64_t divisor) {
  bool ok;
  const auto now_ns = clock_value(0, ok);
  const std::uint64_t time[2] = {now_ns / kSecondNs, now_ns % kSecondNs / divisor};
  if (bytes >= sizeof time) memcpy(data, time, sizeof time);
}

}  // namespace

std::int32_t virtual_pid(std::int32_t real_pid) {
  auto& w = world();
  if (real_pid <= 0) return 0;
  std::int32_t gone = 0;  // reaped already, but the message is still on its way
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    const Process& process = w.processes[i];
    if (process.real_pid != real_pid) continue;
    if (process.state != ProcessState::unused) return process.pid;
    gone = process.pid;
  }
  return gone;
}

long prepare_control(const Socket& socket, msghdr& message) {
  long error = 0;
  if (socket.is_inet()) {  // addresses of interfaces, hop limits: there is one interface
    for_control(message, [&error](const cmsghdr& header, const unsigned char*, std::size_t) {
      if (header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_RIGHTS) error = -EINVAL;
    });
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    return error;
  }
  for_control(message, [&error](const cmsghdr& header, unsigned char* data, std::size_t bytes) {
    if (header.cmsg_level != SOL_SOCKET || header.cmsg_type != SCM_CREDENTIALS) return;
    Credentials credentials;
    if (bytes != sizeof credentials) {
      error = -EINVAL;
      return;
    }
    memcpy(&credentials, data, sizeof credentials);
    const Process* process = find_process(credentials.pid);
    if (process == nullptr || process->state != ProcessState::live) {
      error = -ESRCH;
      return;
    }
    credentials.pid = process->real_pid;
    memcpy(data, &credentials, sizeof credentials);
  });
  if (error == 0) for_passed(message, [](int fd) { hold_object(look_up(fd).object); });
  return error;
}

void take_back_control(const msghdr& message) {
  for_passed(message, [](int fd) { release_object(look_up(fd).object); });
}

void translate_control(msghdr& message, bool peeked) {
  for_passed(message, [peeked](int fd) {
    const ObjectId object = look_up(fd).object;  // the new entry has a reference of its own
    if (object != kNoObject && object_of(object).references > 1 && !peeked) release_object(object);
  });
  for_control(message, [](const cmsghdr& header, unsigned char* data, std::size_t bytes) {
    if (header.cmsg_level != SOL_SOCKET) return;
    switch (header.cmsg_type) {
      case SCM_CREDENTIALS: {
        Credentials credentials;
        if (bytes < sizeof credentials) break;
        memcpy(&credentials, data, sizeof credentials);
        credentials.pid = virtual_pid(credentials.pid);
        memcpy(data, &credentials, sizeof credentials);
        break;
      }
      case SO_TIMESTAMP:
      case kTimestampNew: set_time(data, bytes, 1000); break;
      case SO_TIMESTAMPNS:
      case kTimestampNanosecondsNew: set_time(data, bytes, 1); break;
      case SO_TIMESTAMPING:
      case kTimestampingNew: set_time(data, bytes, 1); break;
      default: break;
    }
  });
}

}  // namespace detsim
