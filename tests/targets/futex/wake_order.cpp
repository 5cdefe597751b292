// In which order eight waiters on one word continue, as an observation.
#include "futex/futex.hpp"
#include "support/interleaving.hpp"

static int word;
static void* waits(void* argument) {
  futex(&word, FUTEX_WAIT_PRIVATE, 0);
  interleaving_note(static_cast<char>('a' + reinterpret_cast<long>(argument)));
  return nullptr;
}

int main() {
  pthread_t threads[8];
  for (long i = 0; i < 8; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, waits, reinterpret_cast<void*>(i)), 0);
  }
  wake_exactly(&word, FUTEX_WAKE_PRIVATE, 8);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(interleaving_length, 8u);
  interleaving_print();
  return ok();
}
