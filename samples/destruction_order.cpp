// Use after destruction. Members are destroyed in reverse order of their declaration: `journal_`
// goes before `worker_` is joined, and a worker that is still busy writes into a journal that is
// no more. (A flag outside of the journal tells, so that nothing touches what is gone.)
//
// The cure: declare the thread last.
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

namespace {

std::atomic<bool> journal_exists = false;
std::atomic<int> lost_entries = 0;

class Journal {
 public:
  Journal() { journal_exists = true; }
  ~Journal() { journal_exists = false; }
  void add() {
    const std::lock_guard lock(mutex_);
    ++entries_;
  }
  int entries() {
    const std::lock_guard lock(mutex_);
    return entries_;
  }

 private:
  std::mutex mutex_;
  int entries_ = 0;
};

class Service {
 public:
  void start() {
    worker_ = std::jthread([this] { work(); });
  }
  int entries() { return journal_.entries(); }

 private:
  void work() {
    if (journal_exists) {
      journal_.add();
    } else {
      ++lost_entries;
    }
  }

  std::jthread worker_;  // the bug: declared before what it uses
  Journal journal_;
};

}  // namespace

int main() {
  {
    Service service;
    service.start();
    std::printf("%d entries so far\n", service.entries());
  }
  std::printf("%d entries were meant for a journal that was no more\n", lost_entries.load());
  return lost_entries == 0 ? 0 : 1;
}
