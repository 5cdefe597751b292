// An epoll instance that changes all the time: what each change answers and what is reported
// afterwards, against a model, with changes by others (a copy of the descriptor, a child, another
// number for the same file, an instance around it) in between.
#include <map>

#include "io/io.hpp"

namespace {

struct Set {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::map<int, epoll_event> model;
  ~Set() { close(epoll); }

  void change(int operation, int fd, std::uint32_t events, int through = -1) {
    epoll_event event = {events, {.fd = fd}};
    const bool there = model.count(fd) != 0;
    const int result = epoll_ctl(through >= 0 ? through : epoll, operation, fd, &event);
    const int error = result == 0 ? 0 : errno;
    if (operation == EPOLL_CTL_ADD) {
      EXPECT_EQ(error, there ? EEXIST : 0);
    } else {
      EXPECT_EQ(error, there ? 0 : ENOENT);
    }
    if (error != 0) return;
    if (operation == EPOLL_CTL_DEL) {
      model.erase(fd);
    } else {
      model[fd] = event;
    }
  }

  // Level-triggered: what is ready is reported, each once.
  void look() {
    epoll_event got[16];
    const int count = epoll_wait(epoll, got, 16, 0);
    std::map<int, std::uint32_t> reported;
    for (int i = 0; i < count; ++i) reported[got[i].data.fd] = got[i].events;
    EXPECT_EQ(static_cast<int>(reported.size()), count);
    for (const auto& [fd, event] : model) {
      const auto ready = static_cast<std::uint32_t>(poll_one(fd, POLLIN | POLLOUT, 0));
      EXPECT_EQ(reported[fd], ready & event.events);
    }
  }
};

std::uint32_t drawn(std::uint32_t below) {
  static std::uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<std::uint32_t>(state >> 33) % below;
}

void change_at_random() {
  Set set;
  Pipe pipes[3];
  put(pipes[0].write_end, "a");
  const int fds[] = {pipes[0].read_end, pipes[0].write_end, pipes[1].read_end, pipes[2].write_end};
  constexpr int kOperations[] = {EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL, EPOLL_CTL_ADD};
  constexpr std::uint32_t kEvents[] = {EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT, 0};
  int copy = -1;
  for (int i = 0; i < 4000; ++i) {
    const auto what = drawn(64);
    set.change(kOperations[drawn(4)], fds[drawn(what < 32 ? 1 : 4)], kEvents[drawn(4)],
               what == 1 ? copy : -1);
    if (what % 8 == 0) set.look();
    if (i == 2000) copy = dup(set.epoll);
  }
  close(copy);
  set.look();
}

void refuse() {
  Pipe pipe;
  Set set;
  epoll_event event = {EPOLLIN, {.fd = 0}};
  set.change(EPOLL_CTL_ADD, pipe.read_end, EPOLLIN);
  set.change(EPOLL_CTL_DEL, pipe.read_end, 0);
  EXPECT_ERRNO(epoll_ctl(set.epoll, EPOLL_CTL_ADD, pipe.read_end, nullptr), EFAULT);
  EXPECT_ERRNO(epoll_ctl(set.epoll, EPOLL_CTL_MOD, pipe.read_end, &event), ENOENT);
  set.change(EPOLL_CTL_ADD, pipe.read_end, EPOLLIN);
  EXPECT_ERRNO(epoll_ctl(set.epoll, EPOLL_CTL_MOD, pipe.read_end, nullptr), EFAULT);
  EXPECT_ERRNO(epoll_ctl(set.epoll, 77, pipe.read_end, &event), EINVAL);
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  EXPECT_ERRNO(epoll_ctl(set.epoll, EPOLL_CTL_MOD, pipe.read_end, &event), EINVAL);
  set.change(EPOLL_CTL_DEL, pipe.read_end, 0);
  EXPECT_EQ(epoll_ctl(set.epoll, EPOLL_CTL_ADD, pipe.read_end, &event), 0);
  EXPECT_ERRNO(epoll_ctl(set.epoll, EPOLL_CTL_MOD, pipe.read_end, &event), EINVAL);
  EXPECT_EQ(epoll_ctl(set.epoll, EPOLL_CTL_DEL, pipe.read_end, nullptr), 0);
}

// A number that means something else meanwhile, and one more number for the same file.
void reuse_numbers() {
  Set set;
  Pipe pipe, other;
  const int number = dup(pipe.read_end);
  set.change(EPOLL_CTL_ADD, number, EPOLLIN);
  set.change(EPOLL_CTL_ADD, pipe.read_end, EPOLLIN);
  EXPECT_EQ(dup2(other.read_end, number), number);
  set.model.erase(number);
  epoll_event event = {EPOLLIN, {.fd = number}};
  EXPECT_ERRNO(epoll_ctl(set.epoll, EPOLL_CTL_MOD, number, &event), ENOENT);
  set.change(EPOLL_CTL_ADD, number, EPOLLIN);
  set.change(EPOLL_CTL_DEL, number, 0);
  close(number);
  EXPECT_ERRNO(epoll_ctl(set.epoll, EPOLL_CTL_ADD, number, &event), EBADF);
  put(other.write_end, "x");
  put(pipe.write_end, "y");
  epoll_event got[4];
  // The old registration lives on with its file, under the number that it had.
  EXPECT_EQ(epoll_wait(set.epoll, got, 4, 0), 2);
}

void change_in_a_child() {
  Set set;
  Pipe pipe;
  set.change(EPOLL_CTL_ADD, pipe.write_end, EPOLLOUT);
  const pid_t child = fork();
  if (child == 0) {
    epoll_ctl(set.epoll, EPOLL_CTL_DEL, pipe.write_end, nullptr);
    _exit(0);
  }
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  set.model.erase(pipe.write_end);
  set.change(EPOLL_CTL_DEL, pipe.write_end, 0);
  set.change(EPOLL_CTL_ADD, pipe.write_end, EPOLLOUT);
  set.look();
}

// Who waits at an instance around this one notices at once.
void change_inside() {
  Set inner, outer;
  Pipe pipe;
  put(pipe.write_end, "a");
  inner.change(EPOLL_CTL_ADD, pipe.read_end, EPOLLOUT);
  outer.change(EPOLL_CTL_ADD, inner.epoll, EPOLLIN);
  const int outer_copy = dup(outer.epoll);
  const pid_t child = fork();
  if (child == 0) {
    epoll_event got;
    _exit(epoll_wait(outer_copy, &got, 1, -1) == 1 ? 0 : 1);
  }
  sleep_ms(3);
  inner.change(EPOLL_CTL_DEL, pipe.read_end, 0);
  inner.change(EPOLL_CTL_ADD, pipe.read_end, EPOLLIN);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  close(outer_copy);
}

// Edges and one shots: an arming that was kept back counts.
void arm_again() {
  Pipe pipe;
  put(pipe.write_end, "a");
  const int epoll = epoll_create1(0);
  epoll_event event = {EPOLLIN | EPOLLET, {.fd = 1}}, got;
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe.read_end, &event), 0);
  EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 1);
  EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 0);
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_DEL, pipe.read_end, nullptr), 0);
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe.read_end, &event), 0);
  EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 1);
  EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 0);
  event.events = EPOLLIN | EPOLLONESHOT;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_MOD, pipe.read_end, &event), 0);
    EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 1);
    EXPECT_EQ(epoll_wait(epoll, &got, 1, 0), 0);
  }
  close(epoll);
}

}  // namespace

int main() {
  change_at_random();
  refuse();
  reuse_numbers();
  change_in_a_child();
  change_inside();
  arm_again();
  return ok();
}
