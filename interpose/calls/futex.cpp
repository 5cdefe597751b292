#include "interpose/calls/futex.hpp"

#include <asm-generic/errno.h>
#include <linux/futex.h>

#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/memory.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kPrivateSpace = 1ull << 62;        // + address space: WaitKey::space
constexpr std::uint64_t kSharedPrivateSpace = 1ull << 61;  // the same, called without the flag
constexpr std::uint32_t kAll = ~0u;

// Private memory is known by address space and address, with FUTEX_PRIVATE_FLAG and without being
// two queues; shared memory by object and offset (get_futex_key in kernel/futex/core.c).
WaitKey key_of(std::uint64_t address, bool is_private, const Process& process) {
  WaitKey key;
  if (is_private) return {kPrivateSpace + process.address_space, address};
  if (find_shared_memory(address, key)) return key;
  return {kSharedPrivateSpace + process.address_space, address};
}

WaitKey key_of(std::uint64_t address, bool is_private) {
  return key_of(address, is_private, current_process());
}

long load(std::uint64_t address, std::uint32_t& value) {
  if ((address & 3) != 0) return -EINVAL;
  return get_user(value, reinterpret_cast<const void*>(address)) ? 0 : -EFAULT;
}

long store(std::uint64_t address, std::uint32_t value) {
  return put_user(value, reinterpret_cast<void*>(address)) ? 0 : -EFAULT;
}

struct Deadline {
  std::uint64_t at_ns = kNever;
  long error = 0;
};

Deadline deadline_of(const void* timeout, int clock, bool absolute) {
  if (timeout == nullptr) return {};
  std::int64_t time[2];
  if (!get_user(time, timeout)) return {kNever, -EFAULT};
  if (time[0] < 0 || time[1] < 0 || time[1] >= 1'000'000'000) return {kNever, -EINVAL};
  return {deadline_from(clock, time[0], time[1], absolute), 0};
}

long wait(std::uint64_t address, WaitKey key, std::uint32_t expected, Deadline deadline,
          std::uint32_t bits, bool has_timeout) {
  if (bits == 0) return -EINVAL;
  if (deadline.error != 0) return deadline.error;
  std::uint32_t value = 0;
  if (const long error = load(address, value)) return error;
  if (value != expected) return -EAGAIN;
  current_thread().waiting_word = address;
  switch (wait_for(WaitKind::futex, key, deadline.at_ns, true, bits)) {
    case Wake::timed_out: return -ETIMEDOUT;
    case Wake::interrupted: return has_timeout ? kRestartNever : kRestartSys;
    default: return 0;
  }
}

long wake(std::uint64_t address, WaitKey key, std::uint32_t count, std::uint32_t bits) {
  if ((address & 3) != 0 || bits == 0) return -EINVAL;
  if (static_cast<std::int32_t>(count) <= 0) count = 1;
  return world().scheduler.wake(key, count, bits);
}

long requeue(std::uint64_t from, std::uint64_t to, bool is_private, std::int32_t wake_count,
             std::int32_t move_count, const std::uint32_t* expected) {
  if (wake_count < 0 || move_count < 0) return -EINVAL;
  std::uint32_t value = 0;
  if (const long error = load(from, value)) return error;
  if ((to & 3) != 0) return -EINVAL;
  if (expected != nullptr && value != *expected) return -EAGAIN;
  auto& scheduler = world().scheduler;
  const auto source = key_of(from, is_private), target = key_of(to, is_private);
  const auto woken =
      wake_count == 0 ? 0 : scheduler.wake(source, static_cast<std::uint32_t>(wake_count));
  const auto moved = scheduler.requeue(source, target, static_cast<std::uint32_t>(move_count));
  return static_cast<long>(woken) + (expected != nullptr ? static_cast<long>(moved) : moved);
}

// FUTEX_WAKE_OP: an operation on the second word, a comparison of its old value, two wake-ups.
long wake_op(std::uint64_t first, std::uint64_t second, bool is_private, std::uint32_t count,
             std::uint32_t count2, std::uint32_t encoded) {
  std::uint32_t old = 0;
  if (const long error = load(second, old)) return error;
  const auto operation = (encoded >> 28) & 7, comparison = (encoded >> 24) & 15;
  // Both arguments are signed 12-bit numbers.
  auto argument = static_cast<std::uint32_t>(static_cast<std::int32_t>(encoded << 8) >> 20);
  const auto compared = static_cast<std::int32_t>(encoded << 20) >> 20;
  if ((encoded >> 31) != 0) argument = 1u << (argument & 31);
  std::uint32_t value;
  switch (operation) {
    case FUTEX_OP_SET: value = argument; break;
    case FUTEX_OP_ADD: value = old + argument; break;
    case FUTEX_OP_OR: value = old | argument; break;
    case FUTEX_OP_ANDN: value = old & ~argument; break;
    case FUTEX_OP_XOR: value = old ^ argument; break;
    default: return -ENOSYS;
  }
  if (const long error = store(second, value)) return error;
  const auto before = static_cast<std::int32_t>(old);
  bool holds;
  switch (comparison) {
    case FUTEX_OP_CMP_EQ: holds = before == compared; break;
    case FUTEX_OP_CMP_NE: holds = before != compared; break;
    case FUTEX_OP_CMP_LT: holds = before < compared; break;
    case FUTEX_OP_CMP_GE: holds = before >= compared; break;
    case FUTEX_OP_CMP_LE: holds = before <= compared; break;
    case FUTEX_OP_CMP_GT: holds = before > compared; break;
    default: return -ENOSYS;
  }
  const long woken = wake(first, key_of(first, is_private), count, kAll);
  if (woken < 0 || !holds) return woken;
  return woken + wake(second, key_of(second, is_private), count2, kAll);
}

// -- PI futexes: the word holds the owner's tid, FUTEX_WAITERS, FUTEX_OWNER_DIED.

// A cycle of PI locks is EDEADLK, as in the kernel's rt_mutex chain walk.
bool would_deadlock(const Task& owner) {
  const Task* at = &owner;
  for (int steps = 0; steps < 1024; ++steps) {
    if (at == &current_task()) return true;
    if (at->state != TaskState::waiting || at->wait_kind != WaitKind::futex_pi) return false;
    at = find_task(static_cast<std::int32_t>(at->wait_value));
    if (at == nullptr) return false;
  }
  return false;
}

long lock_pi(std::uint64_t address, bool is_private, Deadline deadline, bool only_try) {
  if (deadline.error != 0) return deadline.error;
  Task& me = current_task();
  const auto my_tid = static_cast<std::uint32_t>(me.tid);
  const auto key = key_of(address, is_private);
  for (;;) {
    std::uint32_t value = 0;
    if (const long error = load(address, value)) return error;
    const auto owner_tid = value & FUTEX_TID_MASK;
    if (owner_tid == my_tid) return -EDEADLK;
    if (owner_tid == 0) {
      const auto kept = value & (FUTEX_OWNER_DIED | FUTEX_WAITERS);
      return store(address, my_tid | kept);
    }
    if (only_try) return -EAGAIN;
    const Task* owner = find_task(static_cast<std::int32_t>(owner_tid));
    if (owner == nullptr) return -ESRCH;
    if (would_deadlock(*owner)) return -EDEADLK;
    if (const long error = store(address, value | FUTEX_WAITERS)) return error;
    current_thread().waiting_word = address;
    me.wait_value = owner_tid;
    const Wake why = wait_for(WaitKind::futex_pi, key, deadline.at_ns, true);
    // Ownership was handed over by unlock or by the owner's death.
    if (load(address, value) == 0 && (value & FUTEX_TID_MASK) == my_tid) return 0;
    if (why == Wake::timed_out) return -ETIMEDOUT;
    if (why == Wake::interrupted) return kRestartSys;
  }
}

// The lock goes to a waiter at once, so that nobody barges in between.
long hand_over_pi(std::uint64_t address, WaitKey key, std::uint32_t died) {
  auto& scheduler = world().scheduler;
  Task* heir = scheduler.first_waiter(key);
  if (heir == nullptr) return store(address, died);
  const auto tid = static_cast<std::uint32_t>(heir->tid);
  scheduler.make_runnable(*heir, Wake::woken);
  const auto waiters = scheduler.first_waiter(key) != nullptr ? FUTEX_WAITERS : 0;
  return store(address, tid | waiters | died);
}

long unlock_pi(std::uint64_t address, bool is_private) {
  std::uint32_t value = 0;
  if (const long error = load(address, value)) return error;
  if ((value & FUTEX_TID_MASK) != static_cast<std::uint32_t>(current_task().tid)) return -EPERM;
  return hand_over_pi(address, key_of(address, is_private), 0);
}

long wake_for_requeue_pi(std::uint64_t address, WaitKey key, std::uint32_t count,
                         std::uint32_t expected) {
  std::uint32_t value = 0;
  if (const long error = load(address, value)) return error;
  if (value != expected) return -EAGAIN;
  return wake(address, key, count, kAll);
}

// FUTEX_WAIT_REQUEUE_PI: waits on a condition's word, then takes the PI lock.
long wait_requeue_pi(std::uint64_t address, std::uint64_t lock, bool is_private,
                     std::uint32_t expected, Deadline deadline, std::uint32_t bits) {
  const long result = wait(address, key_of(address, is_private), expected, deadline, bits, true);
  if (result == kRestartNever) return -EAGAIN;
  if (result != 0) return result;
  return lock_pi(lock, is_private, {}, false);
}

// -- robust lists

// One entry of a dying task's list: futex word at entry + offset.
void release_robust_entry(Task& task, std::uint64_t entry, std::int64_t offset, bool pending) {
  const bool is_pi = (entry & 1) != 0;
  const auto address = (entry & ~1ull) + static_cast<std::uint64_t>(offset);
  std::uint32_t value = 0;
  if (load(address, value) != 0) return;
  const auto& process = process_of(task);
  if (pending && !is_pi && value == 0) {  // unlocked, but the wake-up did not happen any more
    world().scheduler.wake(key_of(address, false, process), 1);
    return;
  }
  if ((value & FUTEX_TID_MASK) != static_cast<std::uint32_t>(task.tid)) return;
  if (is_pi) {
    hand_over_pi(address, key_of(address, false, process), FUTEX_OWNER_DIED);
    return;
  }
  store(address, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
  if ((value & FUTEX_WAITERS) == 0) return;
  // The waiter may have called with or without FUTEX_PRIVATE_FLAG.
  if (world().scheduler.wake(key_of(address, false, process), 1) == 0) {
    world().scheduler.wake(key_of(address, true, process), 1);
  }
}

}  // namespace

void release_robust_list(Task& task) {
  ThreadState& thread = thread_of(task);
  const auto head = thread.robust_list;
  if (head == 0 || process_of(task).vfork_child) return;
  thread.robust_list = 0;
  struct {
    std::uint64_t next;
    std::int64_t offset;
    std::uint64_t pending;
  } list;
  if (!get_user(list, reinterpret_cast<const void*>(head))) return;
  auto entry = list.next;
  for (int limit = 2048; limit > 0 && (entry & ~1ull) != head; --limit) {
    std::uint64_t next = 0;
    if (!get_user(next, reinterpret_cast<const void*>(entry & ~1ull))) return;
    if ((entry & ~1ull) != (list.pending & ~1ull)) {
      release_robust_entry(task, entry, list.offset, false);
    }
    entry = next;
  }
  if (list.pending != 0) release_robust_entry(task, list.pending, list.offset, true);
}

void clear_child_tid(Task& task) {
  ThreadState& thread = thread_of(task);
  const auto address = thread.clear_child_tid;
  thread.clear_child_tid = 0;
  if (!put_user(std::uint32_t{0}, reinterpret_cast<void*>(address))) return;
  world().scheduler.wake(key_of(address, false, process_of(task)), 1);
}

namespace model {

long futex(std::uint64_t address, int operation, std::uint32_t value, std::uint64_t fourth,
           std::uint64_t second, std::uint32_t third) {
  const bool is_private = (operation & FUTEX_PRIVATE_FLAG) != 0;
  const int clock = (operation & FUTEX_CLOCK_REALTIME) != 0 ? 0 : 1;
  const auto* timeout = reinterpret_cast<const void*>(fourth);
  const auto count = static_cast<std::uint32_t>(fourth);
  const auto key = key_of(address, is_private);
  std::uint32_t probe = 0;  // without the flag the kernel looks at the page, whatever is asked
  const bool aligned = (address & 3) == 0;
  if (!is_private && aligned && load(address, probe) != 0) return -EFAULT;
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
      return wait(address, key, value, deadline_of(timeout, clock, false), kAll,
                  timeout != nullptr);
    case FUTEX_WAIT_BITSET:
      return wait(address, key, value, deadline_of(timeout, clock, true), third,
                  timeout != nullptr);
    case FUTEX_WAKE: return wake(address, key, value, kAll);
    case FUTEX_WAKE_BITSET: return wake(address, key, value, third);
    case FUTEX_REQUEUE:
      return requeue(address, second, is_private, static_cast<std::int32_t>(value),
                     static_cast<std::int32_t>(count), nullptr);
    // Moving waiters to a PI lock's queue is the same as waking them: each then takes the lock.
    case FUTEX_CMP_REQUEUE_PI: return wake_for_requeue_pi(address, key, value + count, third);
    case FUTEX_CMP_REQUEUE:
      return requeue(address, second, is_private, static_cast<std::int32_t>(value),
                     static_cast<std::int32_t>(count), &third);
    case FUTEX_WAKE_OP: return wake_op(address, second, is_private, value, count, third);
    case FUTEX_LOCK_PI: return lock_pi(address, is_private, deadline_of(timeout, 0, true), false);
    case FUTEX_LOCK_PI2:
      return lock_pi(address, is_private, deadline_of(timeout, clock, true), false);
    case FUTEX_TRYLOCK_PI: return lock_pi(address, is_private, {}, true);
    case FUTEX_UNLOCK_PI: return unlock_pi(address, is_private);
    case FUTEX_WAIT_REQUEUE_PI:
      return wait_requeue_pi(address, second, is_private, value, deadline_of(timeout, clock, true),
                             kAll);
    default: return -ENOSYS;
  }
}

}  // namespace model
}  // namespace detsim
