// A write to a full pipe waits until all of it was taken; writes of up to PIPE_BUF stay whole.
#include <limits.h>

#include "io/io.hpp"

int main() {
  Pipe pipe;
  const std::string big(300000, 'x');
  std::atomic<bool> returned{false};
  std::thread writer([&] {
    put(pipe.write_end, big);
    returned = true;
    pipe.close_write();
  });
  sleep_ms(5);
  EXPECT(!returned);
  size_t total = 0;
  for (;;) {
    const auto piece = get(pipe.read_end, 5000);
    if (piece.empty()) break;
    total += piece.size();
  }
  EXPECT_EQ(total, big.size());
  writer.join();

  // Whole records of several writers, none torn.
  Pipe records;
  constexpr int kWriters = 4, kRecords = 60;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] {
      for (int n = 0; n < kRecords; ++n) {
        put(records.write_end, std::string(PIPE_BUF, static_cast<char>('a' + i)));
      }
    });
  }
  int seen[kWriters] = {};
  for (int n = 0; n < kWriters * kRecords; ++n) {
    std::string record;
    while (record.size() < PIPE_BUF) record += get(records.read_end, PIPE_BUF - record.size());
    EXPECT_EQ(record, std::string(PIPE_BUF, record[0]));
    ++seen[record[0] - 'a'];
  }
  for (auto& thread : writers) thread.join();
  for (const int count : seen) EXPECT_EQ(count, kRecords);
  return ok();
}
