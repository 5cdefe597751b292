// std::atomic wait and notify, for an int (a futex in libstdc++) and for a byte and a long (its
// proxy waiters): a strict ping-pong, and notify_all to many.
#include <atomic>
#include <thread>
#include <vector>

#include "expect.hpp"

template <class T>
static void ping_pong() {
  std::atomic<T> turn{0};
  long moves = 0;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      turn.wait(0);
      EXPECT_EQ(turn.load(), static_cast<T>(1));
      ++moves;
      turn = 0;
      turn.notify_one();
    }
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(moves, i);
    turn = 1;
    turn.notify_one();
    turn.wait(1);
  }
  other.join();
  EXPECT_EQ(moves, 100);
}

int main() {
  ping_pong<int>();
  ping_pong<signed char>();
  ping_pong<long>();
  std::atomic<int> gate{0}, passed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      gate.wait(0);
      ++passed;
    });
  }
  sleep_ms(1);
  EXPECT_EQ(passed.load(), 0);
  gate = 1;
  gate.notify_all();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed.load(), 8);
  std::atomic_flag flag = ATOMIC_FLAG_INIT;
  std::thread setter([&] {
    sleep_ms(1);
    flag.test_and_set();
    flag.notify_one();
  });
  flag.wait(false);
  EXPECT(flag.test());
  setter.join();
  return ok();
}
