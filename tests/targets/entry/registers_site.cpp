// The same for syscall instructions in the program's own code, which a sandbox may rewrite once
// they were used often: with the number loaded right in front, and with other code behind.
#include <poll.h>
#include <pthread.h>
#include <sys/utsname.h>

#include "entry/registers.hpp"

REGISTERS_FUNCTION(call_behind, "mov 0*8(%r15), %rax\n syscall")
REGISTERS_FUNCTION(yield_in_front, "mov $24, %eax\n syscall")
REGISTERS_FUNCTION(poll_in_front, "mov $7, %eax\n syscall")
REGISTERS_FUNCTION(sleep_in_front, "mov $35, %eax\n syscall")
REGISTERS_FUNCTION(getpid_in_front, "mov $39, %eax\n syscall")

constexpr int kTimes = 200;

static long made(RegisterCheck& check, void (*function)(Registers*), const char* after, long number,
                 const long (&arguments)[6]) {
  check.fill(number, arguments);
  function(&check.r);
  check.expect_same(after, "a site of the program");
  return static_cast<long>(check.r.after[0]);
}

static void* check(void* seed) {
  RegisterCheck check(reinterpret_cast<std::uint64_t>(seed) + 100);
  const timespec short_time = {0, 1000};
  const long time = reinterpret_cast<long>(&short_time);
  const long pid = getpid();
  for (int i = 0; i < kTimes; ++i) {
    EXPECT_EQ(made(check, yield_in_front, yield_in_front_after, 24, {1, 2, 3, 4, 5, 6}), 0);
    EXPECT_EQ(made(check, call_behind, call_behind_after, 24, {1, 2, 3, 4, 5, 6}), 0);
    EXPECT_EQ(made(check, sleep_in_front, sleep_in_front_after, 35, {time, 0, 3, 4, 5, 6}), 0);
    EXPECT_EQ(made(check, call_behind, call_behind_after, 35, {time, 0, 3, 4, 5, 6}), 0);
    EXPECT_EQ(made(check, poll_in_front, poll_in_front_after, 7, {0, 0, 0, 4, 5, 6}), 0);
    EXPECT_EQ(made(check, getpid_in_front, getpid_in_front_after, 39, {1, 2, 3, 4, 5, 6}), pid);
    EXPECT_EQ(made(check, call_behind, call_behind_after, 500 + i, {1, 2, 3, 4, 5, 6}), -ENOSYS);
  }
  return nullptr;
}

int main() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setstacksize(&attributes, 16 << 10), 0);
  pthread_t threads[3];
  for (long i = 0; i < 3; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], &attributes, check, reinterpret_cast<void*>(i)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  // In the sandbox all of them have been rewritten by now: a jump stands where the number or the
  // syscall did.
  utsname name;
  EXPECT_EQ(uname(&name), 0);
  if (strcmp(name.nodename, "detsim") == 0) {
    for (char* after : {yield_in_front_after, sleep_in_front_after, getpid_in_front_after}) {
      EXPECT_EQ(static_cast<unsigned char>(after[-7]), 0xe9);
    }
    EXPECT_EQ(static_cast<unsigned char>(call_behind_after[-2]), 0xe9);
  }
  return ok();
}
