// std::jthread: stop requests reach stop tokens, callbacks and condition_variable_any waits; the
// destructor requests and joins.
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "expect.hpp"

int main() {
  std::mutex mutex;
  std::condition_variable_any condition;
  int woken = 0, polled = 0, callbacks = 0;
  {
    std::jthread waiter([&](std::stop_token stop) {
      std::unique_lock lock(mutex);
      EXPECT(!condition.wait(lock, stop, [] { return false; }));
      ++woken;
    });
    std::jthread poller([&](std::stop_token stop) {
      while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::microseconds(100));
      polled = 1;
    });
    std::stop_callback callback(waiter.get_stop_token(), [&] { ++callbacks; });
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT(waiter.request_stop());
    EXPECT(!waiter.request_stop());
    EXPECT_EQ(callbacks, 1);
  }
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(polled, 1);
  return ok();
}
