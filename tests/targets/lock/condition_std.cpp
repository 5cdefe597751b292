// std::condition_variable and _any with wait_for, wait_until and a steady and a system clock.
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "expect.hpp"

using namespace std::chrono_literals;

int main() {
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  const auto steady = std::chrono::steady_clock::now();
  EXPECT(!condition.wait_for(lock, 4ms, [] { return false; }));
  EXPECT(std::chrono::steady_clock::now() - steady >= 4ms);
  const auto until = std::chrono::system_clock::now() + 4ms;
  EXPECT(!condition.wait_until(lock, until, [] { return false; }));
  EXPECT(std::chrono::system_clock::now() >= until);
  bool flag = false;
  std::thread setter([&] {
    std::lock_guard guard(mutex);
    flag = true;
    condition.notify_one();
  });
  EXPECT(condition.wait_for(lock, 60s, [&] { return flag; }));
  setter.join();
  lock.unlock();

  std::shared_mutex shared;
  std::condition_variable_any any;
  int readers_done = 0;
  bool open = false;
  auto reader = [&] {
    std::shared_lock hold(shared);
    any.wait(hold, [&] { return open; });
    __atomic_fetch_add(&readers_done, 1, __ATOMIC_SEQ_CST);
  };
  std::thread first(reader), second(reader);
  std::this_thread::sleep_for(1ms);
  {
    std::unique_lock hold(shared);
    open = true;
  }
  any.notify_all();
  first.join();
  second.join();
  EXPECT_EQ(readers_done, 2);
  return ok();
}
