// For branches from the middle: a pool of threads that takes jobs from a queue, after preparations
// that only one thread does (the argument says how many: for bench/exploring, too). One order of
// jobs, in which the last one overtakes the first, ends in an assertion.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace {

constexpr int kWorkers = 3, kJobs = 12, kPreparations = 1000;

std::mutex guard;
std::condition_variable changed;
std::deque<int> jobs;
bool closed = false;
std::vector<int> done;

void work() {
  for (;;) {
    std::unique_lock hold(guard);
    changed.wait(hold, [] { return closed || !jobs.empty(); });
    if (jobs.empty()) return;
    const int job = jobs.front();
    jobs.pop_front();
    hold.unlock();
    std::this_thread::yield();
    hold.lock();
    done.push_back(job);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const int preparations = count > 1 ? std::atoi(arguments[1]) : kPreparations;
  for (int i = 0; i < preparations; ++i) {
    const std::lock_guard hold(guard);
    jobs.push_back(i);
    jobs.pop_front();
  }
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) workers.emplace_back(work);
  for (int i = 0; i < kJobs; ++i) {
    const std::lock_guard hold(guard);
    jobs.push_back(i);
    changed.notify_one();
  }
  {
    const std::lock_guard hold(guard);
    closed = true;
  }
  changed.notify_all();
  for (auto& worker : workers) worker.join();
  for (const int job : done) std::printf("%d ", job);
  std::printf("\n");
  if (done.back() < kJobs / 2) {
    std::fprintf(stderr, "a job of the first half ended last\n");
    std::abort();
  }
  return 0;
}
