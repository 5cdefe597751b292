// eventfd: adding, taking, semaphores, waiting both ways, between threads and processes.
#include "io/io.hpp"

int main() {
  const int counter = eventfd(3, 0);
  eventfd_t value = 0;
  EXPECT_EQ(eventfd_read(counter, &value), 0);
  EXPECT_EQ(value, 3u);
  std::thread adder([&] {
    sleep_ms(3);
    EXPECT_EQ(eventfd_write(counter, 5), 0);
  });
  EXPECT_EQ(eventfd_read(counter, &value), 0);
  EXPECT_EQ(value, 5u);
  adder.join();

  // Full: the writer waits.
  EXPECT_EQ(eventfd_write(counter, ~0ull - 1), 0);
  EXPECT_EQ(poll_one(counter, POLLIN | POLLOUT, 0), POLLIN);
  std::thread reader([&] {
    sleep_ms(3);
    eventfd_t all;
    EXPECT_EQ(eventfd_read(counter, &all), 0);
    EXPECT_EQ(all, ~0ull - 1);
  });
  EXPECT_EQ(eventfd_write(counter, 7), 0);
  reader.join();
  EXPECT_EQ(eventfd_read(counter, &value), 0);
  EXPECT_EQ(value, 7u);
  EXPECT_ERRNO(eventfd_write(counter, ~0ull), EINVAL);
  EXPECT_ERRNO(read(counter, &value, 7), EINVAL);

  const int semaphore = eventfd(0, EFD_SEMAPHORE);
  std::atomic<int> got{0};
  std::vector<std::thread> takers;
  for (int i = 0; i < 5; ++i) {
    takers.emplace_back([&] {
      eventfd_t one;
      EXPECT_EQ(eventfd_read(semaphore, &one), 0);
      EXPECT_EQ(one, 1u);
      ++got;
    });
  }
  EXPECT_EQ(eventfd_write(semaphore, 3), 0);
  sleep_ms(5);
  EXPECT_EQ(got.load(), 3);
  EXPECT_EQ(eventfd_write(semaphore, 2), 0);
  for (auto& thread : takers) thread.join();

  const pid_t child = start_child([&] {
    sleep_ms(2);
    EXPECT_EQ(eventfd_write(counter, 11), 0);
  });
  EXPECT_EQ(eventfd_read(counter, &value), 0);
  EXPECT_EQ(value, 11u);
  EXPECT_CHILD_OK(child);
  return ok();
}
