// Clocks that count real time advance by a sleep, on all of them alike; CPU clocks do not.
#include "expect.hpp"

int main() {
  const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,       CLOCK_BOOTTIME,
                           CLOCK_TAI,      CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE};
  long long before[6];
  for (int i = 0; i < 6; ++i) before[i] = now_ns(ids[i]);
  const long long cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  sleep_ms(30);
  for (int i = 0; i < 6; ++i) {
    const long long elapsed = now_ns(ids[i]) - before[i];
    // The raw relation only: a loaded machine may oversleep. Coarse ticks may cost 10 ms.
    EXPECT(elapsed >= (i < 4 ? 30000000 : 20000000));
  }
  EXPECT(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu < 25000000);
  return ok();
}
