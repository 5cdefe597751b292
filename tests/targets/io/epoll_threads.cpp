// A pool of threads on one epoll instance serves many pipes; every byte is handled exactly once.
#include "io/io.hpp"

int main() {
  constexpr int kPipes = 16, kBytes = 20, kThreads = 4;
  std::vector<Pipe> pipes(kPipes);
  const int epoll = epoll_create1(0), stop = eventfd(0, 0);
  for (int i = 0; i < kPipes; ++i) {
    epoll_event event = {EPOLLIN | EPOLLONESHOT, {.u32 = static_cast<uint32_t>(i)}};
    const int fd = pipes[static_cast<size_t>(i)].read_end;
    EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  }
  epoll_event last = {EPOLLIN, {.u32 = kPipes}};
  EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, stop, &last), 0);
  std::atomic<int> handled{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (;;) {
        epoll_event got;
        EXPECT_EQ(epoll_wait(epoll, &got, 1, -1), 1);
        if (got.data.u32 == kPipes) return;
        const int fd = pipes[got.data.u32].read_end;
        EXPECT_EQ(get(fd, 1).size(), 1u);
        if (++handled == kPipes * kBytes) EXPECT_EQ(eventfd_write(stop, 1), 0);
        got.events = EPOLLIN | EPOLLONESHOT;
        EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &got), 0);
      }
    });
  }
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      for (int n = 0; n < kBytes; ++n) {
        for (int i = w; i < kPipes; i += 4) put(pipes[static_cast<size_t>(i)].write_end, "b");
      }
    });
  }
  for (auto& thread : writers) thread.join();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(handled.load(), kPipes * kBytes);
  return ok();
}
