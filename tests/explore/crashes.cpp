// Crashes without a word, in one of two functions, or in none, as the schedule wants it.
#include <cstdlib>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
int value = 1;
int* shared = nullptr;

[[gnu::noinline]] void reads_too_early() {
  const std::lock_guard lock(mutex);
  const volatile int seen = *static_cast<volatile int*>(shared);
  static_cast<void>(seen);
}

[[gnu::noinline]] void wants_to_be_first() {
  const std::lock_guard lock(mutex);
  if (shared != nullptr) std::abort();
}

[[gnu::noinline]] void publishes() {
  const std::lock_guard lock(mutex);
  shared = &value;
}

}  // namespace

int main() {
  std::thread first(wants_to_be_first), second(publishes), third(reads_too_early);
  first.join();
  second.join();
  third.join();
}
