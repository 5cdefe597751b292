// counter locked|racy: two threads count; racy lets the lock go between reading and writing.
// counter seed N: fails unless it runs under detsim with this seed.
#include <detsim.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

namespace {

std::mutex mutex;
int count = 0;

void add_ten(bool racy) {
  for (int i = 0; i < 10; ++i) {
    std::unique_lock lock(mutex);
    const int seen = count;
    if (racy) {
      lock.unlock();
      lock.lock();
    }
    count = seen + 1;
  }
}

}  // namespace

int main(int, char** arguments) {
  if (std::strcmp(arguments[1], "seed") == 0) {
    uint64_t seed = 0;
    const bool is_running = detsim_is_running(&seed) != 0;
    return is_running && seed == std::strtoull(arguments[2], nullptr, 10) ? 0 : 1;
  }
  const bool racy = std::strcmp(arguments[1], "racy") == 0;
  std::thread one(add_ten, racy), two(add_ten, racy);
  one.join();
  two.join();
  std::printf("%d\n", count);
  if (count == 20) return 0;
  std::fprintf(stderr, "counted %d of 20\n", count);
  return 1;
}
