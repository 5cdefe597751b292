// A lost wake-up. The waiter looks at the flag before it takes the lock; when the flag is set and
// announced between its look and its waiting, it waits for an announcement that is over. detsim
// reports a deadlock (status 120): nobody is left who could wake it.
//
// The cure: look at the flag under the lock, by `condition.wait(lock, [&] { return ready; })`.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
std::condition_variable condition;
std::atomic<bool> ready = false;

void wait_until_ready() {
  if (!ready) {  // the bug: not under the lock
    std::unique_lock lock(mutex);
    condition.wait(lock);
  }
}

void announce() {
  ready = true;
  const std::lock_guard lock(mutex);
  condition.notify_one();
}

}  // namespace

int main() {
  std::thread waiter(wait_until_ready);
  std::thread announcer(announce);
  announcer.join();
  waiter.join();
  std::puts("the waiter saw the announcement");
}
