#include "interpose/calls/timers.hpp"

#include <asm-generic/errno.h>
#include <signal.h>
#include <sys/time.h>

#include <initializer_list>

#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/calls/timer_descriptors.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/faults/clocks.hpp"

namespace detsim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int32_t kSigevSignal = 0, kSigevNone = 1, kSigevThreadId = 4;

Process& owner_of(const OwnedTimer& timer) { return world().processes[timer.process]; }

// CPU time never passes faster than virtual time, so looking again when that much has passed
// cannot be too late.
std::uint64_t now_of(const OwnedTimer& timer) {
  return timer.measures_cpu ? cpu_time_of(owner_of(timer)) : world().scheduler.now_ns;
}

void arm(OwnedTimer& timer) {
  auto& scheduler = world().scheduler;
  if (timer.due == 0) {
    scheduler.disarm(timer.timer);
    return;
  }
  const auto now = now_of(timer);
  const auto left = timer.due > now ? timer.due - now : 0;
  scheduler.arm(timer.timer, timer.measures_cpu ? scheduler.now_ns + left : timer.due);
}

// Moves a periodic timer on; returns how many periods have passed, at least one.
std::uint64_t take_expirations(OwnedTimer& timer) {
  if (timer.interval_ns == 0) {
    timer.due = 0;
    return 1;
  }
  const auto periods = (now_of(timer) - timer.due) / timer.interval_ns + 1;
  timer.due += periods * timer.interval_ns;
  return periods;
}

void notify(OwnedTimer& timer, std::uint64_t periods) {
  if (timer.kind == TimerKind::posix && timer.signal_pending) {
    timer.overrun += static_cast<std::int32_t>(periods);
    return;
  }
  if (timer.notify == kSigevNone) return;
  SignalInfo info{.number = timer.signal, .code = SI_KERNEL};
  if (timer.kind == TimerKind::posix) {
    timer.overrun = static_cast<std::int32_t>(periods - 1);
    timer.signal_pending = true;
    info.code = SI_TIMER;
    info.pid = timer.id;
    info.value = timer.value;
    info.status = static_cast<std::int32_t>(&timer - world().timers);
  }
  if (timer.notify == kSigevThreadId) {
    Task* task = find_task(timer.tid);
    if (task != nullptr) post(*task, info);
  } else {
    post(owner_of(timer), info);
  }
}

struct TimeValue {  // struct itimerspec
  std::int64_t interval[2], value[2];
};

bool valid(const std::int64_t (&time)[2]) {
  return time[0] >= 0 && time[1] >= 0 && time[1] < kSecond;
}

std::uint64_t nanoseconds(const std::int64_t (&time)[2]) {
  if (time[0] > 9'000'000'000) return kNever / 2;
  return static_cast<std::uint64_t>(time[0]) * kSecond + static_cast<std::uint64_t>(time[1]);
}

OwnedTimer* find_posix(int id) {
  auto& w = world();
  for (std::uint32_t i = 0; i < w.timers_used; ++i) {
    OwnedTimer& timer = w.timers[i];
    if (timer.kind == TimerKind::posix && timer.process == current_process().index &&
        timer.id == id) {
      return &timer;
    }
  }
  return nullptr;
}

bool is_cpu_clock(int clock) { return clock == 2 || clock == 3 || clock < 0; }

struct IntervalTimer {
  std::int64_t interval[2], value[2];  // struct itimerval: seconds, microseconds
};

IntervalTimer read_interval(int which) {
  const auto index = current_process().interval_timers[which];
  if (index == 0) return {};
  const OwnedTimer& timer = world().timers[index - 1];
  const auto left = static_cast<std::int64_t>(time_left(timer));
  const auto interval = static_cast<std::int64_t>(timer.interval_ns);
  // Rounded up: what is armed never reads as zero.
  const auto micro = (left + 999) / 1000;
  return {{interval / kSecond, interval % kSecond / 1000}, {micro / 1'000'000, micro % 1'000'000}};
}

long set_interval(int which, std::uint64_t value_ns, std::uint64_t interval_ns) {
  static constexpr int signals[3] = {SIGALRM, SIGVTALRM, SIGPROF};
  Process& process = current_process();
  auto& index = process.interval_timers[which];
  if (index == 0) {
    if (value_ns == 0) return 0;
    OwnedTimer* timer = allocate_owned_timer(TimerKind::interval);
    if (timer == nullptr) return -EAGAIN;
    timer->id = which;
    timer->signal = signals[which];
    timer->measures_cpu = which != ITIMER_REAL;
    index = static_cast<std::uint32_t>(timer - world().timers) + 1;
  }
  OwnedTimer& timer = world().timers[index - 1];
  set_owned_timer(timer, value_ns == 0 ? 0 : now_of(timer) + value_ns, interval_ns);
  return 0;
}

}  // namespace

void timer_expired(std::uint32_t index) {
  auto& w = world();
  OwnedTimer& timer = w.timers[w.scheduler.timers[index].owner];
  if (timer.due > now_of(timer)) return arm(timer);
  const auto periods = take_expirations(timer);
  record({.kind = EventKind::timer,
          .result = static_cast<std::int64_t>(periods),
          .detail = static_cast<std::uint64_t>(timer.id)});
  for (auto times = has_fault_plan() ? times_told(timer) : 1; times > 0; --times) {
    if (timer.kind == TimerKind::descriptor) {
      timer_descriptor_expired(timer, periods);
    } else {
      notify(timer, periods);
    }
  }
  if (timer.kind != TimerKind::unused) arm(timer);
}

OwnedTimer* allocate_owned_timer(TimerKind kind) {
  auto& w = world();
  std::uint32_t index = 0;
  while (index < w.timers_used && w.timers[index].kind != TimerKind::unused) ++index;
  if (index == kOwnedTimersMax) return nullptr;
  const auto scheduled = w.scheduler.allocate_timer(index);
  if (scheduled == kNoTimer) return nullptr;
  if (index == w.timers_used) ++w.timers_used;
  OwnedTimer& timer = w.timers[index];
  timer = {};
  timer.kind = kind;
  timer.process = current_process().index;
  timer.timer = scheduled;
  return &timer;
}

void free_owned_timer(OwnedTimer& timer) {
  world().scheduler.disarm(timer.timer);
  world().scheduler.free_timer(timer.timer);
  timer = {};
}

void set_owned_timer(OwnedTimer& timer, std::uint64_t due, std::uint64_t interval_ns) {
  timer.due = due;
  timer.interval_ns = interval_ns;
  arm(timer);
}

std::uint64_t time_left(const OwnedTimer& timer) {
  if (timer.due == 0) return 0;
  const auto now = now_of(timer);
  return timer.due > now ? timer.due - now : 1;
}

void timer_signal_taken(SignalInfo& info) {
  OwnedTimer& timer = world().timers[info.status];
  info.status = 0;
  if (timer.kind != TimerKind::posix || timer.id != info.pid) return;
  timer.signal_pending = false;
  timer.last_overrun = timer.overrun;
  info.uid = static_cast<std::uint32_t>(timer.overrun);
  timer.overrun = 0;
}

void forget_timers(Process& process) {
  auto& w = world();
  for (std::uint32_t i = 0; i < w.timers_used; ++i) {
    OwnedTimer& timer = w.timers[i];
    const bool mine = timer.kind == TimerKind::interval || timer.kind == TimerKind::posix;
    if (mine && timer.process == process.index) free_owned_timer(timer);
  }
  for (auto& index : process.interval_timers) index = 0;
}

void forget_posix_timers(Process& process) {
  auto& w = world();
  for (std::uint32_t i = 0; i < w.timers_used; ++i) {
    OwnedTimer& timer = w.timers[i];
    if (timer.kind == TimerKind::posix && timer.process == process.index) free_owned_timer(timer);
  }
}

namespace model {

long setitimer(int which, const void* value, void* old) {
  if (which < 0 || which > 2) return -EINVAL;
  IntervalTimer wanted{};
  if (value != nullptr && !get_user(wanted, value)) return -EFAULT;
  for (const auto* time : {wanted.interval, wanted.value}) {
    if (time[0] < 0 || time[1] < 0 || time[1] >= 1'000'000) return -EINVAL;
  }
  const auto before = read_interval(which);
  const auto in_ns = [](const std::int64_t(&t)[2]) { return nanoseconds({t[0], t[1] * 1000}); };
  const long result = set_interval(which, in_ns(wanted.value), in_ns(wanted.interval));
  if (result != 0) return result;
  return old == nullptr || put_user(before, old) ? 0 : -EFAULT;
}

long getitimer(int which, void* value) {
  if (which < 0 || which > 2) return -EINVAL;
  return put_user(read_interval(which), value) ? 0 : -EFAULT;
}

long alarm(unsigned seconds) {
  const auto before = read_interval(ITIMER_REAL);
  set_interval(ITIMER_REAL, seconds * static_cast<std::uint64_t>(kSecond), 0);
  // As alarm(2) of the kernel: rounded, but never 0 while one was pending.
  const auto rounded = before.value[0] + (before.value[1] >= 500'000 ? 1 : 0);
  return rounded == 0 && before.value[1] > 0 ? 1 : rounded;
}

long timer_create(int clock, const void* event, void* id) {
  if (clock_resolution_ns(clock) == 0) return -EINVAL;
  struct Event {
    std::uint64_t value;
    std::int32_t signal, notify, tid;
  } wanted{0, SIGALRM, kSigevSignal, 0};
  if (event != nullptr && !get_user(wanted, event)) return -EFAULT;
  const auto notify = wanted.notify;
  if (notify != kSigevSignal && notify != kSigevNone && notify != kSigevThreadId) return -EINVAL;
  if (notify != kSigevNone && (wanted.signal < 1 || wanted.signal > 64)) return -EINVAL;
  if (notify == kSigevThreadId) {
    const Task* task = find_task(wanted.tid);
    if (task == nullptr || task->process != current_process().index) return -EINVAL;
  }
  OwnedTimer* timer = allocate_owned_timer(TimerKind::posix);
  if (timer == nullptr) return -EAGAIN;
  timer->clock = clock;
  timer->measures_cpu = is_cpu_clock(clock);
  timer->notify = notify;
  timer->signal = wanted.signal;
  timer->tid = wanted.tid;
  timer->id = current_process().next_timer_id++;
  timer->value = event != nullptr ? wanted.value : static_cast<std::uint64_t>(timer->id);
  return put_user(timer->id, id) ? 0 : -EFAULT;
}

long timer_settime(int id, int flags, const void* value, void* old) {
  OwnedTimer* timer = find_posix(id);
  if (timer == nullptr) return -EINVAL;
  TimeValue wanted;
  if (value == nullptr) return -EINVAL;
  if (!get_user(wanted, value)) return -EFAULT;
  if (!valid(wanted.value) || !valid(wanted.interval)) return -EINVAL;
  TimeValue before;
  read_timer_value(*timer, before.interval, before.value);
  const bool absolute = (flags & 1) != 0;
  std::uint64_t due = 0;
  if ((wanted.value[0] | wanted.value[1]) != 0) {
    due = timer->measures_cpu
              ? nanoseconds(wanted.value) + (absolute ? 0 : now_of(*timer))
              : deadline_from(timer->clock, wanted.value[0], wanted.value[1], absolute);
    if (due == 0) due = 1;
  }
  timer->overrun = timer->last_overrun = 0;
  if (has_fault_plan()) mark_timer(*timer, absolute && timer->clock == 0, false);
  set_owned_timer(*timer, due, nanoseconds(wanted.interval));
  return old == nullptr || put_user(before, old) ? 0 : -EFAULT;
}

long timer_gettime(int id, void* value) {
  const OwnedTimer* timer = find_posix(id);
  if (timer == nullptr) return -EINVAL;
  TimeValue now;
  read_timer_value(*timer, now.interval, now.value);
  return put_user(now, value) ? 0 : -EFAULT;
}

long timer_getoverrun(int id) {
  const OwnedTimer* timer = find_posix(id);
  return timer == nullptr ? -EINVAL : timer->last_overrun;
}

long timer_delete(int id) {
  OwnedTimer* timer = find_posix(id);
  if (timer == nullptr) return -EINVAL;
  free_owned_timer(*timer);
  return 0;
}

}  // namespace model

void read_timer_value(const OwnedTimer& timer, std::int64_t (&interval)[2],
                      std::int64_t (&value)[2]) {
  const auto left = static_cast<std::int64_t>(time_left(timer));
  const auto period = static_cast<std::int64_t>(timer.interval_ns);
  interval[0] = period / kSecond, interval[1] = period % kSecond;
  value[0] = left / kSecond, value[1] = left % kSecond;
}

}  // namespace detsim
