// Waiting for bytes: see docs/spinning.md.
#include "interpose/entry/spin.hpp"

#include "interpose/base/user.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

constexpr WaitKey kSpinQueue{5, 0};  // one for all: who is woken is decided by looking
constexpr std::uint64_t kSpinCostNs = 200;
// A task that found a change is stepped for so many circles before it is left alone.
constexpr std::uint32_t kCirclesAgain = 5, kStepsAgain = 64, kStepsAgainMax = 4096;
constexpr std::uint64_t kActivityBetweenLooks = 64;

// Grows with everything that could have changed memory.
std::uint64_t activity() { return world().entered + world().turns; }

bool read_word(const SpinWord& word, std::uint64_t& value) {
  return get_user(value, reinterpret_cast<const void*>(word.address));
}

// What is no longer there has changed: the task goes on, and faults.
bool has_changed(const SpinWords& reads) {
  for (std::uint32_t i = 0; i < reads.count; ++i) {
    const auto& word = reads.words[i];
    std::uint64_t now;
    if (!read_word(word, now) || ((now ^ word.value) & word.mask) != 0) return true;
  }
  return false;
}

const SpinWords& reads_of(const Task& task) {
  return *reinterpret_cast<const SpinWords*>(thread_of(task).spin);
}

}  // namespace

void wait_for_change(SpinWords& reads) {
  auto& w = world();
  Task& me = current_task();
  ThreadState& thread = current_thread();
  charge(me, kSpinCostNs);
  if (w.scheduler.now_ns > w.config.virtual_limit_ns) stop_run(Outcome::virtual_timeout);
  ++w.spins;
  for (std::uint32_t i = 0; i < reads.count; ++i) {
    if (!read_word(reads.words[i], reads.words[i].value)) return;
  }
  thread.spin = reinterpret_cast<std::uint64_t>(&reads);
  me.next = {OperationKind::atomic, reads.count != 0 ? reads.words[0].address : 0};
  do {
    wait_for(WaitKind::spin, kSpinQueue, kNever, true);
    thread.spin_looks = false;
  } while (!has_deliverable_signal() && me.wake != Wake::interrupted && !has_changed(reads));
  ++w.turns;
  thread.spin = 0;
}

bool look_at_spinners(bool idle) {
  auto& w = world();
  auto& scheduler = w.scheduler;
  bool somebody = false;
  for (Task* task = scheduler.first_waiter(kSpinQueue); task != nullptr;) {
    Task& spinner = *task;
    task = scheduler.next_waiter(spinner);
    auto& process = process_of(spinner);
    if (&process == cpu().process) {
      process.spin_looked_at = activity();
      if (!has_changed(reads_of(spinner))) continue;
    } else {
      const auto passed = activity() - process.spin_looked_at;
      if (passed == 0 || (!idle && passed < kActivityBetweenLooks)) continue;
      process.spin_looked_at = activity();
      thread_of(spinner).spin_looks = true;
    }
    scheduler.make_runnable(spinner, Wake::woken);
    somebody = true;
  }
  return somebody;
}

extern "C" void detsim_enter_spin(Frame* frame) {
  Frame& f = *frame;
  cpu().keeps_vector = 1;
  current_thread().frame = reinterpret_cast<std::uint64_t>(frame);
  SpinWords reads = found_spin().reads;
  const auto again = found_spin().circle * kCirclesAgain + kStepsAgain;
  wait_for_change(reads);
  if (has_deliverable_signal()) {
    deliver_signals(f, 0);
  } else {
    search_from(f, again < kStepsAgainMax ? again : kStepsAgainMax);
  }
}

}  // namespace detsim
