// Two blocks: one only a waiting thread knows of (on its stack), which is no leak; one that
// nobody knows of any more, which is one.
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

namespace {

// Never destroyed: destroying a condition variable waits for its waiters.
std::mutex& mutex = *new std::mutex;
std::condition_variable& changed = *new std::condition_variable;
int waiting;

[[gnu::noinline]] void wait_with_block() {
  volatile char* only = static_cast<char*>(std::malloc(4321));
  only[0] = 1;
  std::unique_lock lock(mutex);
  ++waiting;
  changed.notify_all();
  while (only[0] != 0) changed.wait(lock);
}

[[gnu::noinline]] void lose_block() {
  volatile char* lost = static_cast<char*>(std::malloc(777));
  lost[0] = 1;
}

// What is left of a pointer in dead stack frames would hide the leak.
[[gnu::noinline]] void wipe_stack() {
  char junk[16384];
  std::memset(junk, 0, sizeof junk);
  __asm__ volatile("" : : "r"(junk) : "memory");
}

}  // namespace

int main() {
  for (int i = 0; i < 3; ++i) std::thread(wait_with_block).detach();
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return waiting == 3; });
  lock.unlock();
  lose_block();
  wipe_stack();
  return 0;
}
