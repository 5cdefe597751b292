// Who else can look at an epoll instance while it is changed: nobody, another process, or those
// who wait at an instance around it. A change that nobody can see is no scheduling point:
// tests/calls/sharers.py looks at what each kind of run came to.
#include <sched.h>
#include <sys/mman.h>

#include "io/io.hpp"

namespace {

constexpr int kChanges = 64;

void change(int epoll, int fd) {
  epoll_event event = {EPOLLIN, {.fd = fd}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  for (int i = 0; i < kChanges; ++i) EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event), 0);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string kind = count > 1 ? arguments[1] : "nobody";
  auto* over = static_cast<std::atomic<int>*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  Pipe pipe;
  const int outer = epoll_create1(0);
  int epoll = kind == "process" ? epoll_create1(0) : -1;
  const pid_t other = fork();  // somebody who could run all the time
  if (other == 0) {
    while (*over == 0) sched_yield();
    _exit(0);
  }
  if (epoll < 0) epoll = epoll_create1(0);
  if (kind == "copy") dup(epoll);
  if (kind == "around") {
    epoll_event event = {EPOLLIN, {.fd = epoll}};
    EXPECT_EQ(epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event), 0);
  }
  std::thread thread;
  if (kind == "thread") {
    thread = std::thread([&] {
      while (*over == 0) sched_yield();
    });
  }
  change(epoll, pipe.read_end);
  *over = 1;
  if (thread.joinable()) thread.join();
  EXPECT_EQ(waitpid(other, nullptr, 0), other);
  return ok();
}
