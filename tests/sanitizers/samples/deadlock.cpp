// Two threads take two locks in opposite orders and always meet in between.
#include <mutex>
#include <semaphore>
#include <thread>

static std::mutex left, right;
static std::binary_semaphore has_left(0), has_right(0);

int main() {
  std::thread other([] {
    std::lock_guard first(left);
    has_left.release();
    has_right.acquire();
    std::lock_guard second(right);
  });
  {
    std::lock_guard first(right);
    has_right.release();
    has_left.acquire();
    std::lock_guard second(left);
  }
  other.join();
  return 0;
}
