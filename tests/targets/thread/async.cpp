// std::async: another thread for launch::async, the caller's for deferred, exceptions through get,
// wait_for's three answers.
#include <future>
#include <stdexcept>
#include <string>

#include "expect.hpp"

int main() {
  const auto here = std::this_thread::get_id();
  auto other = std::async(std::launch::async, [] { return std::this_thread::get_id(); });
  auto same = std::async(std::launch::deferred, [] { return std::this_thread::get_id(); });
  EXPECT(same.wait_for(std::chrono::seconds(0)) == std::future_status::deferred);
  EXPECT(other.get() != here);
  EXPECT(same.get() == here);

  auto fails = std::async(std::launch::async, []() -> int { throw std::runtime_error("thrown"); });
  std::string what;
  try {
    fails.get();
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
  EXPECT_EQ(what, "thrown");

  std::promise<void> gate;
  auto waits = std::async(std::launch::async, [open = gate.get_future()]() mutable {
    open.wait();
    return 5;
  });
  EXPECT(waits.wait_for(std::chrono::milliseconds(3)) == std::future_status::timeout);
  gate.set_value();
  EXPECT(waits.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
  EXPECT_EQ(waits.get(), 5);

  std::future<long> sums[8];
  for (long i = 0; i < 8; ++i) {
    sums[i] = std::async(std::launch::async, [i] { return i * i; });
  }
  long total = 0;
  for (auto& sum : sums) total += sum.get();
  EXPECT_EQ(total, 140);
  return ok();
}
