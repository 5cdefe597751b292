// The vsyscall page, where kernels still have it, tells the run's own time, or is not there.
#include <setjmp.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "signal/signal.hpp"

static sigjmp_buf recover;

int main() {
  handle(SIGSEGV, [](int, siginfo_t*, void*) { siglongjmp(recover, 1); });
  const auto time_there = reinterpret_cast<time_t (*)(time_t*)>(0xffffffffff600400UL);
  const auto day_there = reinterpret_cast<int (*)(timeval*, void*)>(0xffffffffff600000UL);
  for (int i = 0; i < 3; ++i) {
    if (sigsetjmp(recover, 1) == 0) {
      const time_t there = time_there(nullptr);
      const time_t here = syscall(SYS_time, nullptr);
      EXPECT(there <= here && here - there <= 2);
      timeval day = {};
      EXPECT_EQ(day_there(&day, nullptr), 0);
      EXPECT(day.tv_sec >= here && day.tv_sec - here <= 2);
    }
  }
  return ok();
}
