#include "interpose/calls/clock.hpp"

#include <asm-generic/errno.h>
#include <linux/time.h>

#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/faults/clocks.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kTickNs = 4'000'000;  // of the coarse clocks, as with CONFIG_HZ=250

// include/linux/posix-timers_types.h: ids below zero are CPU clocks (or, with type 3, the clocks
// of a descriptor).
constexpr int kPerThread = 4, kClockType = 3;

bool is_wall(int clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
         clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

bool is_monotonic(int clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
         clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME ||
         clock == CLOCK_BOOTTIME_ALARM;
}

std::uint64_t wall_offset_ns() {
  const auto zero_ns = world().config.epoch_ns + cpu().process->clock_offset_ns;
  return has_moved_clocks() ? zero_ns + wall_ahead_ns() : zero_ns;
}

std::uint64_t process_cpu_ns(const Process& process) {
  auto total = process.cpu_ns;
  for_each_task(process, [&](const Task& task) { total += task.cpu_ns; });
  return total;
}

std::uint64_t dynamic_cpu_ns(int clock, bool& ok) {
  ok = false;
  const int id = ~(clock >> 3);
  if ((clock & kClockType) == kClockType || id < 0) return 0;
  if ((clock & kPerThread) != 0) {
    const Task* task = id == 0 ? cpu().task : find_task(id);
    if (task == nullptr || task->process != cpu().task->process) return 0;
    ok = true;
    return task->cpu_ns;
  }
  const Process* process = id == 0 || id == cpu().task->tid ? cpu().process : find_process(id);
  if (process == nullptr) return 0;
  ok = true;
  return process_cpu_ns(*process);
}

// A task whose last call was a reading too goes on counting, though every entered call begins anew
// (enter.cpp). Readings by other doors come between without being calls.
struct LastReading {
  TaskId task = kNoTask;
  std::uint64_t calls = 0;
  std::uint32_t reads = 0;
};
LastReading last_reading;

}  // namespace

std::uint64_t clock_value(int clock, bool& ok) {
  const auto now_ns = has_moved_clocks() ? shown_elapsed_ns() : world().scheduler.now_ns;
  ok = true;
  if (is_monotonic(clock)) return kBootNs + now_ns;
  if (is_wall(clock)) return wall_offset_ns() + now_ns;
  if (clock == CLOCK_PROCESS_CPUTIME_ID) return process_cpu_ns(*cpu().process);
  if (clock == CLOCK_THREAD_CPUTIME_ID) return cpu().task->cpu_ns;
  if (clock < 0) return dynamic_cpu_ns(clock, ok);
  ok = false;
  return 0;
}

std::uint64_t read_clock(int clock, bool& ok) {
  Task& me = current_task();
  if (last_reading.task == me.id && last_reading.calls + 1 == me.calls) {
    me.clock_reads = last_reading.reads;
  }
  const bool must_yield = charge_polling();
  last_reading = {me.id, me.calls, me.clock_reads};
  if (must_yield) scheduling_point({OperationKind::yield, 0});
  return clock_value(clock, ok);
}

bool is_sleep_clock(int clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
         clock == CLOCK_TAI;
}

std::uint64_t deadline_from(int clock, std::int64_t seconds, std::int64_t nanoseconds,
                            bool absolute) {
  constexpr std::int64_t seconds_max = 9'000'000'000;  // as the kernel, which saturates (KTIME_MAX)
  if (seconds >= seconds_max) return kNever;
  if (seconds < 0) return world().scheduler.now_ns;
  const auto time =
      static_cast<std::uint64_t>(seconds) * kSecondNs + static_cast<std::uint64_t>(nanoseconds);
  const auto now_ns = world().scheduler.now_ns;
  if (!absolute) return deadline_after(has_moved_clocks() ? virtual_length_of(time) : time);
  const auto zero = is_wall(clock) ? wall_offset_ns() : kBootNs;
  if (has_moved_clocks()) {
    const auto moment_ns = time > zero ? virtual_time_of(time - zero) : now_ns;
    return moment_ns > now_ns ? moment_ns : now_ns;
  }
  return time > zero + now_ns ? time - zero : now_ns;
}

// A call that goes on after a signal without a handler, as after a stop, waits no longer for it.
std::uint64_t deadline_after(std::uint64_t duration_ns) {
  auto& deadline_ns = current_thread().call_deadline_ns;
  if (deadline_ns == 0) deadline_ns = world().scheduler.now_ns + duration_ns;
  return deadline_ns;
}

std::uint64_t clock_resolution_ns(int clock) {
  if (clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE) return kTickNs;
  bool ok;
  clock_value(clock, ok);
  return ok ? 1 : 0;
}

namespace model {

long clock_gettime(int clock, void* time) {
  bool ok;
  const auto value = read_clock(clock, ok);
  if (!ok) return -EINVAL;
  const std::uint64_t result[2] = {value / kSecondNs, value % kSecondNs};
  return put_user(result, time) ? 0 : -EFAULT;
}

long clock_getres(int clock, void* resolution) {
  const std::uint64_t result[2] = {0, clock_resolution_ns(clock)};
  if (result[1] == 0) return -EINVAL;
  return resolution == nullptr || put_user(result, resolution) ? 0 : -EFAULT;
}

long gettimeofday(void* time, void* zone) {
  bool ok;
  const auto value = read_clock(CLOCK_REALTIME, ok);
  const std::uint64_t result[2] = {value / kSecondNs, value % kSecondNs / 1000};
  const std::int32_t no_zone[2] = {0, 0};
  if (time != nullptr && !put_user(result, time)) return -EFAULT;
  if (zone != nullptr && !put_user(no_zone, zone)) return -EFAULT;
  return 0;
}

long time(void* seconds) {
  bool ok;
  const auto result = read_clock(CLOCK_REALTIME, ok) / kSecondNs;
  if (seconds != nullptr && !put_user(result, seconds)) return -EFAULT;
  return static_cast<long>(result);
}

long getcpu(void* number, void* node, void*) {
  const std::uint32_t zero = 0;
  if (number != nullptr && !put_user(current_thread().cpu, number)) return -EFAULT;
  if (node != nullptr && !put_user(zero, node)) return -EFAULT;
  return 0;
}

}  // namespace model
}  // namespace detsim
