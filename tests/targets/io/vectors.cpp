// readv and writev on pipes: in pieces, across them, waiting in the middle; their limits.
#include <limits.h>
#include <sys/uio.h>

#include "io/io.hpp"

int main() {
  Pipe pipe;
  char a[3], b[4], c[100];
  iovec to[] = {{a, 3}, {b, 4}, {c, 100}};
  std::thread writer([&] {
    sleep_ms(2);
    char one[] = "hello ", two[] = "", three[] = "world";
    iovec from[] = {{one, 6}, {two, 0}, {three, 5}};
    EXPECT_EQ(writev(pipe.write_end, from, 3), 11);
  });
  EXPECT_EQ(readv(pipe.read_end, to, 3), 11);
  EXPECT_EQ(std::string(a, 3) + std::string(b, 4) + std::string(c, 4), "hello world");
  writer.join();

  // More than the pipe holds.
  std::vector<std::string> pieces(40);
  std::vector<iovec> from(40);
  for (size_t i = 0; i < 40; ++i) {
    pieces[i].assign(5000, static_cast<char>('A' + i % 26));
    from[i] = {pieces[i].data(), pieces[i].size()};
  }
  std::thread big([&] {
    EXPECT_EQ(writev(pipe.write_end, from.data(), 40), 200000);
    pipe.close_write();
  });
  std::string all, expected;
  for (const auto& piece : pieces) expected += piece;
  std::vector<char> first(1000), second(7000);
  for (;;) {
    iovec into[] = {{first.data(), first.size()}, {second.data(), second.size()}};
    const auto bytes = readv(pipe.read_end, into, 2);
    EXPECT(bytes >= 0);
    if (bytes == 0) break;
    const auto count = static_cast<size_t>(bytes);
    all.append(first.data(), std::min<size_t>(count, 1000));
    if (count > 1000) all.append(second.data(), count - 1000);
  }
  big.join();
  EXPECT(all == expected);

  Pipe other;
  std::vector<iovec> many(IOV_MAX + 1, iovec{a, 1});
  EXPECT_ERRNO(writev(other.write_end, many.data(), IOV_MAX + 1), EINVAL);
  EXPECT_EQ(writev(other.write_end, many.data(), IOV_MAX), IOV_MAX);
  EXPECT_EQ(writev(other.write_end, many.data(), 0), 0);
  EXPECT_ERRNO(readv(other.read_end, reinterpret_cast<iovec*>(8), 1), EFAULT);
  EXPECT_ERRNO(pread(other.read_end, a, 1, 0), ESPIPE);
  EXPECT_ERRNO(pwrite(other.write_end, a, 1, 0), ESPIPE);
  EXPECT_EQ(preadv2(other.read_end, to, 1, -1, 0), 3);
  EXPECT_EQ(preadv2(other.read_end, to, 1, -1, RWF_NOWAIT), 3);
  return ok();
}
