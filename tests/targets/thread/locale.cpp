// uselocale is per thread (a TLS pointer), kept across switches.
#include <locale.h>
#include <pthread.h>

#include "expect.hpp"

static void* work(void*) {
  locale_t mine = newlocale(LC_ALL_MASK, "C", nullptr);
  EXPECT(mine != nullptr);
  EXPECT(uselocale(mine) == LC_GLOBAL_LOCALE);
  for (int i = 0; i < 10; ++i) {
    sched_yield();
    EXPECT(uselocale(nullptr) == mine);
  }
  uselocale(LC_GLOBAL_LOCALE);
  freelocale(mine);
  return nullptr;
}

int main() {
  pthread_t threads[4];
  for (auto& thread : threads) EXPECT_EQ(pthread_create(&thread, nullptr, work, nullptr), 0);
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT(uselocale(nullptr) == LC_GLOBAL_LOCALE);
  return ok();
}
