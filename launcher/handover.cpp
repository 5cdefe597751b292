#include "launcher/handover.hpp"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "scheduler/world.hpp"

namespace detsim {
namespace {

// A message of one byte that carries a descriptor, see unix(7).
void send_descriptor(int socket, int fd) {
  char byte = 0;
  iovec piece{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

void send_world(pid_t process, int fd) {
  const auto handle = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (handle < 0) return;
  const auto socket = static_cast<int>(syscall(SYS_pidfd_getfd, handle, fd, 0));
  close(handle);
  if (socket < 0) return;
  send_descriptor(socket, world().config.world_fd);
  close(socket);
}

}  // namespace detsim
