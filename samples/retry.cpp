// A retry that is not safe to repeat. A client sends "pay 10" and asks again when no answer came
// within 50 ms; the server, which sometimes takes longer, carries out both. Real time would make
// this a slow test that fails now and then; in virtual time all of it takes a millisecond.
//
// The cure: number the requests, and let the server ignore the number that it knows.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

namespace {

using namespace std::chrono_literals;

std::mutex mutex;
std::condition_variable condition;
std::deque<int> requests;
int answers = 0;
bool stopping = false;
int paid = 0;

void serve() {
  std::random_device device;
  std::unique_lock lock(mutex);
  for (;;) {
    condition.wait(lock, [] { return stopping || !requests.empty(); });
    if (requests.empty()) return;
    const int amount = requests.front();
    requests.pop_front();
    lock.unlock();
    std::this_thread::sleep_for((device() % 60) * 1ms);  // the work
    lock.lock();
    paid += amount;
    ++answers;
    condition.notify_all();
  }
}

void pay(int amount) {
  std::unique_lock lock(mutex);
  do {
    requests.push_back(amount);  // the bug: the same payment once more
    condition.notify_all();
  } while (!condition.wait_for(lock, 50ms, [] { return answers > 0; }));
}

}  // namespace

int main() {
  std::thread server(serve);
  pay(10);
  {
    const std::lock_guard lock(mutex);
    stopping = true;
    condition.notify_all();
  }
  server.join();
  std::printf("one payment of 10 cost %d\n", paid);
  return paid == 10 ? 0 : 1;
}
