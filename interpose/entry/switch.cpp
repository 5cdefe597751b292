#include "interpose/entry/switch.hpp"

#include <asm-generic/errno.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <signal.h>

#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/calls/timers.hpp"
#include "interpose/entry/events.hpp"
#include "interpose/entry/outside.hpp"
#include "interpose/entry/park.hpp"
#include "interpose/entry/paused.hpp"
#include "interpose/entry/spin.hpp"
#include "scheduler/happened_before.hpp"
#include "scheduler/invariant.hpp"

// Boost.Context's own C interface (boost/context/detail/fcontext.hpp), without its C++ headers,
// which bring exceptions along.
extern "C" {
struct FiberTransfer {
  void* context;
  void* data;
};
FiberTransfer jump_fcontext(void* to, void* data);
void* make_fcontext(void* stack_top, std::size_t bytes, void (*function)(FiberTransfer));

void detsim_save_vectors(void* area);
void detsim_restore_vectors(const void* area);

detsim::Cpu detsim_cpu;
}

void detsim_paused() { __asm__ volatile("" ::: "memory"); }

namespace detsim {
namespace {

constexpr std::uint32_t kStacksMax = kTasksMax;
constexpr std::uint64_t kCanary = 0x64657473696d2121;

// Private to the process: which stacks are free.
std::uint16_t free_stacks[kStacksMax];
std::uint32_t free_stack_count;
std::uint32_t stacks_used;

std::uint64_t top_of(std::uint32_t index) { return kPrivateAddress + (index + 1) * kStackBytes; }
char* vectors_of(std::uint64_t top) { return reinterpret_cast<char*>(top - kStackBytes); }
std::uint64_t& canary_of(std::uint64_t top) {
  return *reinterpret_cast<std::uint64_t*>(top - kStackBytes + kVectorBytes);
}

void write_fs_base(std::uint64_t base) {
  if (world().config.has_fsgsbase) {
    __asm__ volatile("wrfsbase %0" : : "r"(base));
  } else {
    raw(__NR_arch_prctl, 0x1002 /* ARCH_SET_FS */, base);
  }
}

std::uint64_t read_fs_base() {
  std::uint64_t base;
  if (world().config.has_fsgsbase) {
    __asm__ volatile("rdfsbase %0" : "=r"(base));
    return base;
  }
  raw(__NR_arch_prctl, 0x1003 /* ARCH_GET_FS */, &base);
  return base;
}

// GS is the target's own to use (wrgsbase, arch_prctl); hardly any does, so reading it is all that
// a switch usually costs.
std::uint64_t read_gs_base() {
  std::uint64_t base = 0;
  if (world().config.has_fsgsbase) {
    __asm__ volatile("rdgsbase %0" : "=r"(base));
  } else {
    raw(__NR_arch_prctl, 0x1004 /* ARCH_GET_GS */, &base);
  }
  return base;
}

void write_gs_base(std::uint64_t base) {
  if (world().config.has_fsgsbase) {
    __asm__ volatile("wrgsbase %0" : : "r"(base));
  } else {
    raw(__NR_arch_prctl, 0x1001 /* ARCH_SET_GS */, base);
  }
}

// What the one who was switched away from left behind is stored by the one who goes on.
void arrived(FiberTransfer transfer) {
  static_cast<ThreadState*>(transfer.data)->context =
      reinterpret_cast<std::uint64_t>(transfer.context);
}

void first_steps(FiberTransfer transfer) {
  arrived(transfer);
  detsim_leave(reinterpret_cast<Frame*>(cpu().thread->frame));
}

// Process::baton: 0, or kGiven, or kAwaited while its process sleeps. One that is about to sleep
// need not be woken.
constexpr std::uint32_t kGiven = 1, kAwaited = 2;

void give_baton(Task& next) {
  auto& w = world();
  auto& process = process_of(next);
  w.current = next.id;
  w.running_real_pid = static_cast<std::uint32_t>(process.real_pid);
  if (__atomic_exchange_n(&process.baton, kGiven, __ATOMIC_SEQ_CST) == kAwaited) {
    raw(__NR_futex, &process.baton, FUTEX_WAKE, 1);
  }
}

void sleep_until_given(Process& mine) {
  for (;;) {
    std::uint32_t seen = 0;
    __atomic_compare_exchange_n(&mine.baton, &seen, kAwaited, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    if (seen == kGiven) break;
    const std::uint64_t patience[2] = {1, 0};  // struct timespec
    const long waited = raw(__NR_futex, &mine.baton, FUTEX_WAIT, kAwaited, patience);
    if (waited == -ETIMEDOUT) end_with_launcher();
  }
  mine.baton = 0;
}

void tell_moved_tasks(Process& mine) {
  mine.has_moved_tasks = false;
  for_each_task(mine, [](const Task& task) { write_rseq_cpu(thread_of(task)); });
}

// Returns in the fiber of whichever task of this process is chosen.
void switch_to(Task& chosen) {
  Task* next = &chosen;
  Task& me = current_task();
  ThreadState& my_thread = current_thread();
  if (next == &me) return;
  const auto my_top = cpu().stack_top;
  const bool vectors = cpu().keeps_vector != 0;
  DETSIM_INVARIANT(canary_of(my_top) == kCanary);
  if (vectors) detsim_save_vectors(vectors_of(my_top));
  my_thread.fs_base = read_fs_base();
  my_thread.gs_base = read_gs_base();
  Process& mine = current_process();
  if (&process_of(*next) != &mine) {
    give_baton(*next);
    await_baton(mine);
    if (mine.has_moved_tasks) tell_moved_tasks(mine);
    next = &world().scheduler.tasks[world().current];
  }
  if (next != &me) {
    install(*next);
    write_fs_base(cpu().thread->fs_base);
    if (cpu().thread->gs_base != my_thread.gs_base) write_gs_base(cpu().thread->gs_base);
    arrived(jump_fcontext(reinterpret_cast<void*>(cpu().thread->context), &my_thread));
  } else {
    install(me);
  }
  if (vectors) detsim_restore_vectors(vectors_of(my_top));
  cpu().keeps_vector = vectors ? 1 : 0;
}

// Serves everything that is due by now; task deadlines inside pop_due, the rest here.
void serve_due_timers() {
  auto& scheduler = world().scheduler;
  while (scheduler.next_deadline_ns <= scheduler.now_ns) {
    const auto timer = scheduler.pop_due();
    if (timer != kNoTimer) timer_expired(timer);
  }
}

// Tasks that do nothing but sleep and look at the clock, a quarter of a million times in a row and
// for an hour of virtual time, do not keep a deadlock from being one: ThreadSanitizer's background
// thread is such a task. (An hour, because a loop that polls for a deadline sleeps as often.)
constexpr std::uint32_t kOnlySleeps = 1 << 18;
constexpr std::uint64_t kOnlySleeps_ns = 3600ull * 1000000000;

bool only_sleeps(const Task& task) {
  return task.sleeps_in_row >= kOnlySleeps &&
         world().scheduler.now_ns - task.sleeping_since_ns >= kOnlySleeps_ns;
}

bool only_sleepers_move() {
  auto& scheduler = world().scheduler;
  bool somebody_waits = false;
  std::uint32_t sleepers = 0;
  for (TaskId id = 0; id < scheduler.tasks_used; ++id) {
    const Task& task = scheduler.tasks[id];
    if (task.state != TaskState::waiting) continue;
    if (!scheduler.armed(id)) {
      somebody_waits = true;
    } else if (!only_sleeps(task)) {
      return false;
    } else {
      ++sleepers;
    }
  }
  // Timers of the target (alarm and the like) are deadlines too.
  return somebody_waits && sleepers == scheduler.heap_count;
}

bool next_sleeper_only_sleeps() {
  auto& scheduler = world().scheduler;
  const auto timer = scheduler.heap[1];
  return timer < kTasksMax && only_sleeps(scheduler.tasks[timer]);
}

Task& choose() {
  auto& w = world();
  auto& scheduler = w.scheduler;
  const auto state = current_task().state;
  Task* me = state == TaskState::runnable || state == TaskState::waiting ? cpu().task : nullptr;
  for (;;) {
    if (w.lost_process != 0) bury_lost();
    if (has_outside_signals()) [[unlikely]]
      take_outside_signals();
    serve_due_timers();
    if (scheduler.spinners != 0) look_at_spinners(false);
    if (may_park_before_decisions()) [[unlikely]]
      park_before_decision();
    const auto decisions = scheduler.decisions;
    if (Task* next = scheduler.decide(me)) {
      if (scheduler.decisions != decisions) {
        record(
            {.kind = EventKind::decision, .result = next->tid, .detail = scheduler.runnable_count});
      }
      if (!thread_of(*next).spin_looks) ++w.turns;
      return *next;
    }
    if (scheduler.spinners != 0 && look_at_spinners(true)) continue;
    if (retry_waiters()) continue;
    if (scheduler.next_deadline_ns != kNever) {
      DETSIM_INVARIANT(scheduler.next_deadline_ns > scheduler.now_ns);
      if (next_sleeper_only_sleeps() && only_sleepers_move()) {
        if (wait_for_outside()) continue;
        stop_run(Outcome::deadlock);
      }
      scheduler.now_ns = scheduler.next_deadline_ns;
      if (scheduler.now_ns > w.config.virtual_limit_ns) stop_run(Outcome::virtual_timeout);
      continue;
    }
    if (wait_for_outside()) continue;
    stop_run(Outcome::deadlock);
  }
}

}  // namespace

std::uint64_t current_fs_base() { return read_fs_base(); }
std::uint64_t current_gs_base() { return read_gs_base(); }

void set_up_stacks() {
  constexpr auto bytes = kStacksMax * kStackBytes;
  static_assert(bytes == kPrivateBytes);
  const long result = raw(__NR_mmap, kPrivateAddress, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1);
  if (result != static_cast<long>(kPrivateAddress)) {
    fatal("the address range for task stacks is taken (", static_cast<std::int64_t>(result), ")");
  }
  free_stack_count = stacks_used = 0;
}

std::uint64_t allocate_stack() {
  std::uint32_t index;
  if (free_stack_count > 0) {
    index = free_stacks[--free_stack_count];
  } else if (stacks_used < kStacksMax) {
    index = stacks_used++;
  } else {
    return 0;
  }
  canary_of(top_of(index)) = kCanary;
  return top_of(index);
}

std::uint64_t stacks_end() { return kPrivateAddress + stacks_used * kStackBytes; }

void free_stack(std::uint64_t top) {
  DETSIM_INVARIANT(canary_of(top) == kCanary);
  free_stacks[free_stack_count++] =
      static_cast<std::uint16_t>((top - kPrivateAddress) / kStackBytes - 1);
}

void keep_only_stack(std::uint64_t top) {
  free_stack_count = 0;
  for (std::uint32_t i = stacks_used; i-- > 0;) {
    if (top_of(i) != top) free_stacks[free_stack_count++] = static_cast<std::uint16_t>(i);
  }
}

void prepare_fiber(Task& task, std::uint64_t stack_top, const Frame& frame) {
  auto* place = reinterpret_cast<Frame*>(stack_top) - 1;
  *place = frame;
  auto& thread = thread_of(task);
  thread.stack_top = stack_top;
  thread.frame = reinterpret_cast<std::uint64_t>(place);
  thread.context = reinterpret_cast<std::uint64_t>(
      make_fcontext(place, kStackBytes - kVectorBytes - sizeof(Frame), first_steps));
}

void install(Task& task) {
  auto& w = world();
  w.current = task.id;
  cpu().task = &task;
  cpu().thread = &thread_of(task);
  cpu().process = &process_of(task);
  cpu().stack_top = cpu().thread->stack_top;
}

void end_with_launcher() {
  const auto& w = world();
  if (raw(__NR_kill, w.config.launcher_pid, 0) != -ESRCH) return;
  raw(__NR_kill, w.running_real_pid, SIGKILL);
  raw(__NR_exit_group, 128 + SIGKILL);
}

// When two processes hand the baton to each other, the one whose slice is shorter goes on the
// moment it is woken (kernel 6.12 and later: sched(7), EEVDF); the other one is then still
// runnable when it gets the baton back, and neither sleeps nor is woken. So each process has a
// slice of its own, shorter than what is usual.
void take_own_slice(const Process& mine) {
  constexpr std::uint64_t kLongestNs = 1000000, kStepNs = 30000, kSteps = 30;
  struct {  // struct sched_attr, as much of it as every kernel knows
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime_ns, deadline_ns, period_ns;
  } attributes = {};
  const long result = raw(__NR_sched_getattr, 0, &attributes, sizeof attributes, 0);
  if (result != 0 || attributes.policy != 0 /* SCHED_OTHER */) return;
  attributes.runtime_ns = kLongestNs - mine.index % kSteps * kStepNs;
  raw(__NR_sched_setattr, 0, &attributes, 0);
}

void await_baton(Process& mine) {
  auto& w = world();
  for (;;) {
    sleep_until_given(mine);
    if (w.departing != 0) {
      wait_until_gone(w.departing);
      w.departing = 0;
    }
    if (w.lost_process == 0 || w.lost_process != w.scheduler.tasks[w.current].process + 1) return;
    // The one who held the baton died with it, and the launcher handed it to us.
    Task& next = choose();
    if (&process_of(next) != &mine) {
      give_baton(next);
      continue;
    }
    w.current = next.id;
    w.running_real_pid = static_cast<std::uint32_t>(mine.real_pid);
    return;
  }
}

void reschedule() {
  switch_to(choose());
  if ((current_process().pending.set & bit_of(SIGKILL)) != 0) end_by_signal(SIGKILL);
}

Task& choose_next() { return choose(); }

void scheduling_point(Operation operation) {
  auto& w = world();
  auto& scheduler = w.scheduler;
  if (scheduler.now_ns > w.config.virtual_limit_ns) stop_run(Outcome::virtual_timeout);
  current_task().next = operation;
  if (scheduler.runnable_count + scheduler.spinners <= 1 &&
      scheduler.next_deadline_ns > scheduler.now_ns) {
    happened_before().step(current_task());
    return;
  }
  reschedule();
  happened_before().step(current_task());
}

Wake wait_for(WaitKind kind, WaitKey key, std::uint64_t deadline_ns, bool interruptible,
              std::uint32_t bits) {
  Task& me = current_task();
  // A signal that came between the entry and here ends the wait before it begins, as in the kernel.
  if (interruptible && has_deliverable_signal()) return me.wake = Wake::interrupted;
  world().scheduler.wait(me, kind, key, bits, deadline_ns, interruptible);
  reschedule();
  me.wait_kind = WaitKind::none;
  return me.wake;
}

void stop_run(Outcome outcome) {
  auto& w = world();
  w.outcome = outcome;
  __atomic_add_fetch(&w.outcome_word, 1, __ATOMIC_SEQ_CST);
  raw(__NR_futex, &w.outcome_word, FUTEX_WAKE, 1 << 30);
  detsim_paused();
  for (;;) raw(__NR_pause);  // the launcher reports, and ends us
}

void end_run_as_failed(const char* message) {
  if (cpu().process != nullptr) {
    copy_text(world().message, message, sizeof(World::message));  // which the launcher says
    stop_run(Outcome::failed);
  }
  say(message);
  raw(__NR_exit_group, 125);
  __builtin_trap();
}

}  // namespace detsim
