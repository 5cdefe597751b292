// Sleeping costs no time: the clock jumps to the next deadline when nobody can run.
#include <asm-generic/errno.h>
#include <linux/time.h>
#include <linux/timex.h>

#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kSleepSpace = 4;  // nobody wakes a sleeper by key

long sleep_until(std::uint64_t deadline_ns, void* remainder) {
  const auto why = wait_for(WaitKind::sleep, {kSleepSpace, current_task().id}, deadline_ns, true);
  if (why != Wake::interrupted) return 0;
  const auto now = world().scheduler.now_ns;
  const auto left = static_cast<std::int64_t>(deadline_ns > now ? deadline_ns - now : 0);
  const std::int64_t time[2] = {left / kSecond, left % kSecond};
  if (remainder != nullptr && !put_user(time, remainder)) return -EFAULT;
  return kRestartNever;
}

}  // namespace

namespace model {

long clock_nanosleep(int clock, int flags, const void* request, void* remainder) {
  std::int64_t time[2];
  if (!is_sleep_clock(clock)) {
    return clock == 3 || clock_resolution_ns(clock) == 0 ? -EINVAL : -EOPNOTSUPP;
  }
  if (!get_user(time, request)) return -EFAULT;
  if (time[0] < 0 || time[1] < 0 || time[1] >= kSecond) return -EINVAL;
  const bool absolute = (flags & 1 /* TIMER_ABSTIME */) != 0;
  return sleep_until(deadline_from(clock, time[0], time[1], absolute),
                     absolute ? nullptr : remainder);
}

long nanosleep(const void* request, void* remainder) {
  return clock_nanosleep(1, 0, request, remainder);
}

long pause() {
  return wait_for(WaitKind::signal, {kSleepSpace, current_task().id}, kNever, true) ==
                 Wake::interrupted
             ? kRestartNever
             : 0;
}

// The clock is the run's own: right arguments are refused as they are to an ordinary user.
long clock_settime(int clock, const void* time) {
  std::int64_t wanted[2];
  if (clock != 0) return -EINVAL;
  if (!get_user(wanted, time)) return -EFAULT;
  if (wanted[0] < 0 || wanted[1] < 0 || wanted[1] >= kSecond) return -EINVAL;
  return -EPERM;
}

// Reading the adjustment is anybody's right: there is none, and the time is everybody's.
long adjtimex(void* state) {
  __kernel_timex value = {};
  if (!get_user(value.modes, state)) return -EFAULT;
  if (value.modes != 0) return -EPERM;
  bool ok = true;
  const auto now_ns = clock_value(0, ok);
  value.time.tv_sec = static_cast<long long>(now_ns / kSecond);
  value.time.tv_usec = static_cast<long long>(now_ns % kSecond / 1000);
  value.tick = 10000;           // microseconds, at 100 Hz
  value.precision = 1;          // microseconds
  value.tolerance = 500 << 16;  // the kernel's MAXFREQ_SCALED, parts per million
  return put_user(value, state) ? 0 /* TIME_OK */ : -EFAULT;
}

long clock_adjtime(int clock, void* state) { return clock == 0 ? adjtimex(state) : -EINVAL; }

long settimeofday(const void* time, const void*) {
  std::int64_t wanted[2];
  if (time != nullptr && !get_user(wanted, time)) return -EFAULT;
  return -EPERM;
}

long sched_yield() {
  scheduling_point({OperationKind::yield, 0});
  return 0;
}

}  // namespace model
}  // namespace detsim
