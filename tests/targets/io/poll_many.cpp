// poll over many pipes: exactly those that are ready, closed numbers are POLLNVAL, negative ones
// nothing, ends without a partner POLLHUP and POLLERR.
#include "io/io.hpp"

int main() {
  constexpr int kPipes = 60;
  std::vector<Pipe> pipes(kPipes);
  std::vector<pollfd> items;
  for (auto& pipe : pipes) items.push_back({pipe.read_end, POLLIN, 0});
  items.push_back({-1, POLLIN, 77});
  std::thread writer([&] {
    for (int i = 0; i < kPipes; ++i) {
      sleep_ms(1);
      put(pipes[static_cast<size_t>(i * 7 % kPipes)].write_end, "x");
    }
  });
  int seen = 0;
  while (seen < kPipes) {
    int ready = poll(items.data(), items.size(), -1);
    EXPECT(ready > 0);
    for (auto& item : items) {
      if (item.revents == 0) continue;
      EXPECT_EQ(item.revents, POLLIN);
      EXPECT_EQ(get(item.fd), "x");
      ++seen, --ready;
    }
    EXPECT_EQ(ready, 0);
  }
  writer.join();

  Pipe pipe;
  const int closed = dup(pipe.read_end);
  close(closed);
  pollfd mixed[] = {{closed, POLLIN, 0}, {pipe.read_end, POLLIN, 0}, {-5, POLLIN, 0}};
  EXPECT_EQ(poll(mixed, 3, -1), 1);
  EXPECT_EQ(mixed[0].revents, POLLNVAL);
  EXPECT_EQ(mixed[1].revents, 0);
  EXPECT_EQ(mixed[2].revents, 0);
  pipe.close_write();
  EXPECT_EQ(poll_one(pipe.read_end, 0, -1), POLLHUP);
  Pipe other;
  other.close_read();
  EXPECT_EQ(poll_one(other.write_end, POLLOUT, -1), POLLOUT | POLLERR);
  return ok();
}
