// splice, tee and vmsplice wait for data and for room like read and write.
#include <sys/uio.h>

#include "io/io.hpp"

int main() {
  Pipe from, to;
  std::thread writer([&] {
    sleep_ms(3);
    put(from.write_end, "hello");
  });
  EXPECT_EQ(splice(from.read_end, nullptr, to.write_end, nullptr, 100, 0), 5);
  EXPECT_EQ(get(to.read_end), "hello");
  writer.join();
  EXPECT_ERRNO(splice(from.read_end, nullptr, to.write_end, nullptr, 100, SPLICE_F_NONBLOCK),
               EAGAIN);

  std::thread second([&] {
    sleep_ms(3);
    put(from.write_end, "twice");
  });
  EXPECT_EQ(tee(from.read_end, to.write_end, 100, 0), 5);
  EXPECT_EQ(get(to.read_end), "twice");
  EXPECT_EQ(get(from.read_end), "twice");
  second.join();

  // Somebody waits for what is spliced in.
  std::thread reader([&] { EXPECT_EQ(get(to.read_end), "memory"); });
  sleep_ms(3);
  char text[] = "memory";
  iovec piece = {text, 6};
  EXPECT_EQ(vmsplice(to.write_end, &piece, 1, 0), 6);
  reader.join();

  // A relay with splice, of more than a pipe holds, into a file.
  const int file = fileno(tmpfile());
  const std::string big(300000, 'b');
  std::thread source([&] {
    put(from.write_end, big);
    from.close_write();
  });
  std::thread relay([&] {
    while (splice(from.read_end, nullptr, to.write_end, nullptr, 50000, SPLICE_F_MOVE) > 0) {
    }
    to.close_write();
  });
  ssize_t bytes;
  size_t total = 0;
  while ((bytes = splice(to.read_end, nullptr, file, nullptr, 30000, 0)) > 0)
    total += static_cast<size_t>(bytes);
  EXPECT_EQ(bytes, 0);
  EXPECT_EQ(total, big.size());
  source.join();
  relay.join();
  signal(SIGPIPE, SIG_IGN);
  Pipe in, out;
  put(in.write_end, "x");
  out.close_read();
  EXPECT_ERRNO(splice(in.read_end, nullptr, out.write_end, nullptr, 1, 0), EPIPE);
  return ok();
}
