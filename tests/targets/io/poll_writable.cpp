// A full pipe becomes writable when it is read, and broken when its reader goes.
#include "io/io.hpp"

int main() {
  Pipe pipe(O_NONBLOCK);
  const std::string block(4096, 'x');
  while (write(pipe.write_end, block.data(), block.size()) > 0) {
  }
  EXPECT_EQ(poll_one(pipe.write_end, POLLOUT, 5), 0);
  std::thread reader([&] {
    sleep_ms(3);
    EXPECT_EQ(get(pipe.read_end).size(), 4096u);
  });
  EXPECT_EQ(poll_one(pipe.write_end, POLLOUT, -1), POLLOUT);
  reader.join();
  EXPECT_EQ(write(pipe.write_end, block.data(), block.size()), 4096);
  std::thread closer([&] {
    sleep_ms(3);
    pipe.close_read();
  });
  EXPECT(poll_one(pipe.write_end, POLLOUT, -1) & POLLERR);
  closer.join();
  return ok();
}
