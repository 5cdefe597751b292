#include "interpose/entry/requests.hpp"

#include <asm-generic/errno-base.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/socket.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"

namespace detsim {
namespace {

// The caller has the baton, so that nobody else asks meanwhile.
void ask(Request request) {
  auto& w = world();
  __atomic_store(&w.request, &request, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
  raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1 << 30);
  for (;;) {
    const auto answers = __atomic_load_n(&w.answer_word, __ATOMIC_SEQ_CST);
    __atomic_load(&w.request, &request, __ATOMIC_SEQ_CST);
    if (request == Request::none) break;
    raw(__NR_futex, &w.answer_word, FUTEX_WAIT, answers, nullptr);
  }
}

long take_descriptor(int socket) {
  char byte;
  iovec piece{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const long result = raw(__NR_recvmsg, socket, &message, MSG_DONTWAIT);
  if (result < 0) return result;
  if (message.msg_controllen < CMSG_LEN(sizeof(int))) return -EACCES;
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

long receive_world() {
  int pair[2];
  const long result = raw(__NR_socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
  if (result < 0) return result;
  world().request_fd = pair[1];
  ask(Request::world);
  const long fd = take_descriptor(pair[0]);
  raw(__NR_close, pair[0]);
  raw(__NR_close, pair[1]);
  return fd;
}

}  // namespace

void tell_user(const char* words) {
  auto& w = world();
  copy_text(w.message, words, sizeof w.message);
  ask(Request::say);
  w.message[0] = 0;
}

void tell_crash(int number) {
  auto& w = world();
  if (!w.config.tells_crashes) return;
  w.crash_signal = number;
  ask(Request::crash);
}

long open_world() {
  const auto& config = world().config;
  Text<64> path;
  path << "/proc/" << config.launcher_pid << "/fd/" << config.world_fd;
  const long fd = raw(__NR_open, path.data(), O_RDWR);
  return fd >= 0 ? fd : receive_world();
}

}  // namespace detsim
