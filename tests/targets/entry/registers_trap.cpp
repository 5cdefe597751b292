// Every call keeps every register, made from code that is in no file, and so can only trap: two
// threads with 16 KiB stacks and other values take turns.
#include <pthread.h>

#include <cerrno>

#include "entry/registers.hpp"

REGISTERS_FUNCTION(call_anything, "mov 0*8(%r15), %rax\n syscall")

constexpr long kCalls = 462;
// Those that do not come back, change who we are, or do more than bad arguments can prevent.
static bool is_harmless(long number) {
  for (const long other : {15L, 34L, 37L, 56L, 57L, 58L, 59L, 60L, 112L, 153L, 162L, 169L, 218L,
                           231L, 322L, 335L, 336L, 435L}) {
    if (number == other) return false;
  }
  return true;
}

static void* check(void* seed) {
  const auto size = static_cast<size_t>(call_anything_end - reinterpret_cast<char*>(call_anything));
  void* code =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT(code != MAP_FAILED && size < 4096);
  memcpy(code, reinterpret_cast<void*>(call_anything), size);
  const auto call = reinterpret_cast<void (*)(Registers*)>(code);
  const char* after =
      static_cast<char*>(code) + (call_anything_after - reinterpret_cast<char*>(call_anything));
  RegisterCheck check(reinterpret_cast<std::uint64_t>(seed));
  for (long number = 0; number < kCalls; ++number) {
    if (!is_harmless(number)) continue;
    check.fill(number, {-1, -1, -1, -1, -1, -1});
    call(&check.r);
    check.expect_same(after, "trap");
    check.fill(24 /* sched_yield */, {1, 2, 3, 4, 5, 6});
    call(&check.r);
    check.expect_same(after, "trap");
    EXPECT_EQ(static_cast<long>(check.r.after[0]), 0);
  }
  munmap(code, 4096);
  return nullptr;
}

int main() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setstacksize(&attributes, 16 << 10), 0);
  pthread_t threads[2];
  for (long i = 0; i < 2; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], &attributes, check, reinterpret_cast<void*>(i)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  return ok();
}
