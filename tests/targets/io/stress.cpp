// Producers and consumers over pipes, eventfds and epoll at once: nothing is lost, nobody is
// forgotten.
#include "io/io.hpp"

int main() {
  constexpr int kStages = 5, kItems = 300;
  std::vector<Pipe> stages(kStages + 1);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kStages; ++i) {
    threads.emplace_back([&, i] {  // each stage waits in its own way
      const int from = stages[i].read_end, to = stages[i + 1].write_end;
      const int epoll = epoll_create1(0);
      epoll_event event = {EPOLLIN, {}};
      EXPECT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, from, &event), 0);
      if (i % 3 != 0) fcntl(from, F_SETFL, O_NONBLOCK);
      for (;;) {
        if (i % 3 == 1) EXPECT(poll_one(from, POLLIN, -1) != 0);
        if (i % 3 == 2) EXPECT_EQ(epoll_wait(epoll, &event, 1, -1), 1);
        int item;
        const auto bytes = read(from, &item, sizeof item);
        if (bytes == 0) break;
        EXPECT_EQ(bytes, static_cast<ssize_t>(sizeof item));
        item += 1;
        EXPECT_EQ(write(to, &item, sizeof item), 4);
      }
      close(epoll);
      stages[i + 1].close_write();
    });
  }
  long sum = 0;
  threads.emplace_back([&] {
    int item;
    while (read(stages[kStages].read_end, &item, sizeof item) == 4) sum += item;
  });
  threads.emplace_back([&] {
    for (int i = 0; i < kItems; ++i) EXPECT_EQ(write(stages[0].write_end, &i, sizeof i), 4);
    stages[0].close_write();
  });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, kItems * (kItems - 1L) / 2 + kItems * kStages);
  return ok();
}
