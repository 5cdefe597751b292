// std::chrono clocks and the sleeps of std::this_thread.
#include <chrono>
#include <thread>

#include "expect.hpp"

using namespace std::chrono;
using namespace std::chrono_literals;

int main() {
  const auto steady = steady_clock::now();
  const auto system = system_clock::now();
  std::this_thread::sleep_for(3ms);
  EXPECT(steady_clock::now() - steady >= 3ms);
  EXPECT(system_clock::now() - system >= 3ms);
  std::this_thread::sleep_until(steady + 8ms);
  EXPECT(steady_clock::now() >= steady + 8ms);
  std::this_thread::sleep_until(system + 12ms);
  EXPECT(system_clock::now() >= system + 12ms);
  const long long by_call = now_ns(CLOCK_MONOTONIC);
  EXPECT(steady_clock::now().time_since_epoch().count() >= by_call);
  const auto days = floor<std::chrono::days>(system_clock::now());
  const year_month_day date{days};
  EXPECT(static_cast<int>(date.year()) >= 2000);
  OBS("date %d-%u-%u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()));
  return ok();
}
