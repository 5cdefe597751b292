// Two processes hand a word in shared memory to and fro, spinning; each also has a thread that
// spins on memory of its own.
#include <pthread.h>
#include <sys/mman.h>
#include <xmmintrin.h>

#include <atomic>

#include "expect.hpp"

namespace {

constexpr int kRounds = 20;

std::atomic<bool> finished;

void* waits_inside(void*) {
  while (!finished.load()) _mm_pause();
  return nullptr;
}

void play(std::atomic<int>& word, int parity) {
  pthread_t thread;
  EXPECT_EQ(pthread_create(&thread, nullptr, waits_inside, nullptr), 0);
  for (int i = 0; i < kRounds; ++i) {
    while (word.load(std::memory_order_acquire) % 2 != parity) _mm_pause();
    word.store(word.load() + 1, std::memory_order_release);
  }
  finished = true;
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
}

}  // namespace

int main() {
  void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT(memory != MAP_FAILED);
  auto& word = *new (memory) std::atomic<int>(0);
  const pid_t child = start_child([&word] { play(word, 1); });
  play(word, 0);
  EXPECT_CHILD_OK(child);
  EXPECT_EQ(word.load(), 2 * kRounds);
  // One that keeps making calls does not starve a spinner of another process.
  word = 0;
  const pid_t other = start_child([&word] {
    while (word.load() == 0) _mm_pause();
    word = 2;
  });
  sleep_ms(2);
  word = 1;
  for (long i = 0; word.load() != 2; ++i) EXPECT(getppid() > 0);
  EXPECT_CHILD_OK(other);
  return ok();
}
