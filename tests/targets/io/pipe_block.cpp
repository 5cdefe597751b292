// A read of an empty pipe waits for a writer of another thread, and gets what is there by then.
#include "io/io.hpp"

int main() {
  Pipe pipe;
  std::atomic<bool> written{false};
  std::thread writer([&] {
    sleep_ms(5);
    written = true;
    put(pipe.write_end, "hello");
  });
  EXPECT_EQ(get(pipe.read_end), "hello");
  EXPECT(written);
  writer.join();

  // The other way round: the reader is late.
  put(pipe.write_end, "one");
  put(pipe.write_end, "two");
  EXPECT_EQ(get(pipe.read_end, 4), "onet");
  EXPECT_EQ(get(pipe.read_end), "wo");

  // Several readers of one pipe: each byte goes to exactly one.
  std::atomic<int> sum{0}, bytes{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      unsigned char byte;
      while (read(pipe.read_end, &byte, 1) == 1 && byte != 0) sum += byte, ++bytes;
    });
  }
  for (unsigned char i = 1; i <= 100; ++i) EXPECT_EQ(write(pipe.write_end, &i, 1), 1);
  put(pipe.write_end, std::string(4, 0));
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(sum.load(), 5050);
  EXPECT_EQ(bytes.load(), 100);
  return ok();
}
