// Locks what it holds: std::mutex on the heap.
#include <memory>
#include <mutex>

int main() {
  const auto mutex = std::make_unique<std::mutex>();
  mutex->lock();
  mutex->lock();
}
