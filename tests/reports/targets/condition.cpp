// The only notification comes before anybody waits: a lost wake-up.
#include <condition_variable>
#include <mutex>
#include <thread>

static std::mutex mutex;
static std::condition_variable work_there;

[[gnu::noinline]] static void worker() {
  std::unique_lock lock(mutex);
  work_there.wait(lock);
}

int main() {
  work_there.notify_one();
  std::thread thread(worker);
  thread.join();
}
