// Faults of processes: their ends, their pace, and what the kernel has too little of.
#include <asm-generic/errno.h>
#include <signal.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/faults/effects.hpp"
#include "scheduler/rounds.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kFaultSpace = 32;  // WaitKey::space of tasks that a fault keeps

// What the kernel answers to a break that cannot be moved: where it is.
bool fail_brk(Moment& moment) {
  const long now = raw(__NR_brk, 0);
  if (moment.frame.rdi <= static_cast<std::uint64_t>(now)) return false;
  moment.fail(ENOMEM);
  moment.result = now;
  return true;
}

void hold_others(bool held) {
  const Task& me = current_task();
  auto& scheduler = world().scheduler;
  for_each_task(current_process(), [&](Task& task) {
    if (task.id != me.id) scheduler.hold(task, held);
  });
}

// sleep(3) and its relatives are told how much is left.
void leave_whole_remainder(const Frame& f) {
  const bool is_plain = f.number == __NR_nanosleep;
  if (!is_plain && (f.number != __NR_clock_nanosleep || (f.rsi & 1) != 0)) return;
  const auto request = is_plain ? f.rdi : f.rdx, remainder = is_plain ? f.rsi : f.r10;
  std::int64_t time[2];
  if (remainder != 0 && get_user(time, reinterpret_cast<const void*>(request))) {
    put_user(time, reinterpret_cast<void*>(remainder));
  }
}

}  // namespace

bool stay(Moment& moment, std::uint64_t duration_ns) {
  // Now, since the process may end before this is over.
  note_strike(*moment.rule, &moment, current_process(), duration_ns);
  moment.is_noted = true;
  wait_for(WaitKind::sleep, {kFaultSpace, current_task().id},
           world().scheduler.now_ns + duration_ns, false);
  return true;
}

namespace strike {

bool proc_crash(Moment& moment) {
  note_strike(*moment.rule, &moment, current_process(), 0);
  end_by_signal(SIGKILL);
}

bool proc_power_loss(Moment& moment) {
  round_of_run().rule = static_cast<std::uint32_t>(moment.rule - fault_state().rules) + 1;
  note_strike(*moment.rule, &moment, current_process(), 0);
  stop_run(Outcome::power_lost);
}

bool proc_pause(Moment& moment) {
  hold_others(true);
  stay(moment, parameter(*moment.rule, "duration"));
  if (!current_process().stopped) hold_others(false);
  return true;
}

bool proc_slow(Moment& moment) {
  moment.value = parameter(*moment.rule, "delay");
  current_task().cpu_ns += moment.value;
  world().scheduler.advance(moment.value);
  return true;
}

bool proc_cpu_starvation(Moment& moment) {
  return stay(moment, parameter(*moment.rule, "duration"));
}

bool proc_oom(Moment& moment) {
  if (parameter(*moment.rule, "kill") != 0) return proc_crash(moment);
  return moment.frame.number == __NR_brk ? fail_brk(moment) : answer_error(moment);
}

bool proc_fd_exhaustion(Moment& moment) { return answer_error(moment); }

bool proc_eintr(Moment& moment) {
  leave_whole_remainder(moment.frame);
  return answer_error(moment);
}

bool proc_thread_create_fail(Moment& moment) { return answer_error(moment); }
bool proc_spawn_fail(Moment& moment) { return answer_error(moment); }

}  // namespace strike
}  // namespace detsim
