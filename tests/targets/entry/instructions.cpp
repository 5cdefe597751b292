// Instructions that ask the processor behind the kernel's back: the time stamp counter, random
// numbers, which processor this is. What they say is printed: a sandbox must say the same in every
// run of a seed.
#include <cpuid.h>
#include <immintrin.h>
#include <pthread.h>

#include <random>

#include "expect.hpp"

static bool has(unsigned leaf, int reg, unsigned bit) {
  unsigned r[4] = {};
  if (!__get_cpuid_count(leaf, 0, &r[0], &r[1], &r[2], &r[3])) return false;
  return (r[reg] >> bit & 1) != 0;
}

__attribute__((target("rdrnd,rdseed,rdpid"))) static void look(const char* who) {
  unsigned processor = 0;
  unsigned long long last = 0;
  for (int i = 0; i < 3; ++i) {
    const unsigned long long now = i % 2 == 0 ? __rdtsc() : __rdtscp(&processor);
    EXPECT(now > last);
    last = now;
  }
  OBS("%s counter %llu processor %u", who, last, processor);
  if (has(1, 2, 30)) {
    unsigned short narrow = 0;
    unsigned middle = 0;
    unsigned long long wide = 0, other = 0;
    EXPECT_EQ(_rdrand16_step(&narrow), 1);
    EXPECT_EQ(_rdrand32_step(&middle), 1);
    EXPECT_EQ(_rdrand64_step(&wide), 1);
    EXPECT_EQ(_rdrand64_step(&other), 1);
    EXPECT(wide != other);
    OBS("%s rdrand %hx %x %llx %llx", who, narrow, middle, wide, other);
  }
  if (has(7, 1, 18)) {
    unsigned long long seed = 0;
    while (!_rdseed64_step(&seed)) {
    }
    OBS("%s rdseed %llx", who, seed);
  }
  if (has(7, 2, 22)) OBS("%s rdpid %u", who, _rdpid_u32() & 0xfff);
  std::random_device device;
  OBS("%s random_device %x %x", who, device(), device());
  std::random_device hardware("rdrand");
  OBS("%s random_device rdrand %x", who, hardware());
}

static void* work(void* name) {
  look(static_cast<const char*>(name));
  return nullptr;
}

int main() {
  look("main");
  pthread_t thread;
  char name[] = "thread";
  EXPECT_EQ(pthread_create(&thread, nullptr, work, name), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_CHILD_OK(start_child([] { look("child"); }));
  unsigned a = 0, b = 0, c = 0, d = 0;
  EXPECT_EQ(__get_cpuid(0, &a, &b, &c, &d), 1);
  EXPECT(a >= 1 && b != 0);
  return ok();
}
