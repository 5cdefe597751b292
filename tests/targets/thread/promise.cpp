// Promises: value, exception, broken promise, at_thread_exit, shared_future with many waiters.
#include <future>
#include <thread>
#include <vector>

#include "expect.hpp"

int main() {
  std::promise<int> value;
  std::shared_future<int> shared = value.get_future().share();
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int i = 0; i < 6; ++i) threads.emplace_back([&, shared] { sum += shared.get(); });
  sleep_ms(1);
  value.set_value(7);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum.load(), 42);

  std::future<int> broken;
  {
    std::promise<int> dropped;
    broken = dropped.get_future();
  }
  bool caught = false;
  try {
    broken.get();
  } catch (const std::future_error& error) {
    caught = error.code() == std::future_errc::broken_promise;
  }
  EXPECT(caught);

  std::promise<int> late;
  auto late_future = late.get_future();
  std::atomic<bool> set{false};
  std::thread setter([&] {
    late.set_value_at_thread_exit(9);
    EXPECT(late_future.wait_for(std::chrono::milliseconds(1)) == std::future_status::timeout);
    set = true;
  });
  EXPECT_EQ(late_future.get(), 9);
  EXPECT(set);
  setter.join();

  std::packaged_task<int(int)> task([](int x) { return x + 1; });
  auto result = task.get_future();
  std::thread(std::move(task), 4).join();
  EXPECT_EQ(result.get(), 5);
  return ok();
}
