// Check, then act. A queue has room for two; producers ask whether there is room and then push.
// Each of the two calls takes the lock, but another producer can take the last place in between.
//
// The cure: one call that looks and pushes under one lock.
#include <cstdio>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kCapacity = 2;

class Queue {
 public:
  bool has_room() const {
    const std::lock_guard lock(mutex_);
    return items_.size() < kCapacity;
  }
  void push(int item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(item);
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<int> items_;
};

void produce(Queue& queue, int item) {
  if (queue.has_room()) queue.push(item);  // the bug: the room may be gone
}

}  // namespace

int main() {
  Queue queue;
  std::vector<std::thread> producers;
  for (int i = 0; i < 3; ++i) producers.emplace_back(produce, std::ref(queue), i);
  for (auto& producer : producers) producer.join();
  std::printf("%zu items in a queue for %zu\n", queue.size(), kCapacity);
  return queue.size() <= kCapacity ? 0 : 1;
}
