// Writing to a pipe that nobody reads: SIGPIPE, and EPIPE when it is ignored, blocked or handled.
#include "io/io.hpp"

static volatile int hits;

int main() {
  EXPECT_EQ(WTERMSIG(status_of_child([] {
              Pipe pipe;
              pipe.close_read();
              signal(SIGPIPE, SIG_DFL);
              if (write(pipe.write_end, "x", 1) == -1) _exit(2);
            })),
            SIGPIPE);
  Pipe pipe;
  pipe.close_read();
  signal(SIGPIPE, SIG_IGN);
  EXPECT_ERRNO(write(pipe.write_end, "x", 1), EPIPE);
  handle_signal(SIGPIPE, [](int) { hits = hits + 1; });
  EXPECT_ERRNO(write(pipe.write_end, "x", 1), EPIPE);
  EXPECT_EQ(hits, 1);
  const auto set = signals_of({SIGPIPE});
  sigset_t pending;
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, &set, nullptr), 0);
  EXPECT_ERRNO(write(pipe.write_end, "x", 1), EPIPE);
  sigpending(&pending);
  EXPECT(sigismember(&pending, SIGPIPE));
  siginfo_t info;
  EXPECT_EQ(sigwaitinfo(&set, &info), SIGPIPE);
  EXPECT_EQ(info.si_pid, getpid());

  // A writer that waits when the reader goes.
  Pipe full;
  signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(pthread_sigmask(SIG_UNBLOCK, &set, nullptr), 0);
  std::thread closer([&] {
    sleep_ms(3);
    full.close_read();
  });
  const std::string big(200000, 'x');
  const ssize_t result = write(full.write_end, big.data(), big.size());
  EXPECT(result == -1 || result == 65536);
  EXPECT_ERRNO(write(full.write_end, "x", 1), EPIPE);
  closer.join();
  return ok();
}
