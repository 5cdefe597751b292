// A lease that trusts the wall clock. Who holds it may write until it ends; the store measures that
// with a monotonic clock, the holder with the wall clock. When that is set back, the holder
// believes in a lease that the store has given to another: two write at once.
//
// The cure (lease_fixed.cpp): a clock that nobody sets.
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

namespace {

using namespace std::chrono_literals;
using Monotonic = std::chrono::steady_clock;
#ifdef FIXED
using Clock = std::chrono::steady_clock;
#else
using Clock = std::chrono::system_clock;  // the bug
#endif

constexpr auto kLease = 10s;
constexpr auto kMargin = 2s;  // the holder stops this much earlier

class Store {
 public:
  bool acquire(int who) {
    const std::lock_guard lock(mutex_);
    if (holder_ != 0 && Monotonic::now() < ends_) return false;
    holder_ = who;
    ends_ = Monotonic::now() + kLease;
    return true;
  }
  // A write that takes a second. False: somebody else has the lease by now.
  bool write(int who) {
    std::this_thread::sleep_for(1s);
    const std::lock_guard lock(mutex_);
    return holder_ == who;
  }

 private:
  std::mutex mutex_;
  int holder_ = 0;
  Monotonic::time_point ends_;
};

Store store;
int conflicts = 0;
std::mutex mutex;

void work(int who) {
  for (int round = 0; round < 3; ++round) {
    while (!store.acquire(who)) std::this_thread::sleep_for(500ms);
    const auto until = Clock::now() + kLease - kMargin;
    while (Clock::now() < until) {
      if (store.write(who)) continue;
      const std::lock_guard lock(mutex);
      ++conflicts;
      break;
    }
    std::this_thread::sleep_for(3s);
  }
}

}  // namespace

int main() {
  std::thread one(work, 1), two(work, 2);
  one.join();
  two.join();
  std::printf("%d writes without the lease\n", conflicts);
  return conflicts == 0 ? 0 : 1;
}
