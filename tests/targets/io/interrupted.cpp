// Signals and waiting reads and writes: EINTR without SA_RESTART, restarted with it, a partial
// count when something was transferred.
#include "io/io.hpp"

static volatile int hits;
static int wake_up_fd;

int main() {
  Pipe pipe;
  const pthread_t main_thread = pthread_self();
  const auto nag = [&](int times) {
    return std::thread([=] {
      for (int i = 0; i < times; ++i) {
        sleep_ms(3);
        pthread_kill(main_thread, SIGUSR1);
      }
    });
  };
  handle_signal(SIGUSR1, [](int) { hits = hits + 1; });
  auto nagger = nag(1);
  char byte;
  EXPECT_ERRNO(read(pipe.read_end, &byte, 1), EINTR);
  EXPECT_EQ(hits, 1);
  nagger.join();

  hits = 0;
  wake_up_fd = pipe.write_end;
  handle_signal(
      SIGUSR1,
      [](int) {
        hits = hits + 1;
        if (hits == 3) put(wake_up_fd, "x");
      },
      SA_RESTART);
  nagger = nag(3);
  EXPECT_EQ(read(pipe.read_end, &byte, 1), 1);
  EXPECT_EQ(hits, 3);
  nagger.join();

  hits = 0;
  handle_signal(
      SIGUSR1, [](int) { hits = hits + 1; }, SA_RESTART);
  nagger = nag(1);
  const std::string big(100000, 'x');
  EXPECT_EQ(write(pipe.write_end, big.data(), big.size()), 65536);
  EXPECT_EQ(hits, 1);
  nagger.join();
  return ok();
}
