#include "interpose/calls/job_control.hpp"

#include <signal.h>

#include <initializer_list>

#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

void tell_parent_of_stop(const Process& process, int code, int status) {
  Process* parent = find_process(process.parent);
  if (parent == nullptr) return;
  const auto& action = parent->actions[SIGCHLD];
  if (action.handler != 1 /* SIG_IGN */ && (action.flags & SA_NOCLDSTOP) == 0) {
    post(
        *parent,
        {.number = SIGCHLD, .code = code, .pid = process.pid, .uid = real_uid(), .status = status});
  }
  world().scheduler.wake({kProcessSpace, static_cast<std::uint64_t>(parent->pid)}, ~0u);
}

template <typename Visit>
void for_each_member(std::int32_t group, Visit visit) {
  auto& w = world();
  for (std::uint32_t i = 0; i < w.processes_used; ++i) {
    Process& process = w.processes[i];
    if (process.state == ProcessState::live && process.group == group) visit(process);
  }
}

// The shell above the root process is no process of the world.
bool has_parent_in_charge(const Process& process) {
  if (process.parent == kShellPid) return process.session == kShellPid;
  const Process* parent = find_process(process.parent);
  return parent != nullptr && parent->group != process.group && parent->session == process.session;
}

}  // namespace

void stop_process(Process& process, int signal) {
  if (process.stopped) return;
  process.stopped = true;
  process.stop_signal = signal;
  process.stop_reported = false;
  for_each_task(process, [](Task& task) { world().scheduler.hold(task, true); });
  tell_parent_of_stop(process, CLD_STOPPED, signal);
}

void continue_process(Process& process) {
  if (!process.stopped) return;
  process.stopped = false;
  for_each_task(process, [](Task& task) {
    if (thread_of(task).tracer == 0) world().scheduler.hold(task, false);
  });
  process.continue_reported = false;
  process.stop_reported = true;
  tell_parent_of_stop(process, CLD_CONTINUED, SIGCONT);
}

bool is_orphaned_group(const Process& process) {
  bool orphaned = true;
  for_each_member(process.group, [&orphaned](const Process& member) {
    orphaned = orphaned && !has_parent_in_charge(member);
  });
  return orphaned;
}

void release_orphaned_group(const Process& member, std::int32_t parent_group,
                            std::int32_t parent_session) {
  if (parent_group == member.group || parent_session != member.session) return;
  if (!is_orphaned_group(member)) return;
  bool any_stopped = false;
  for_each_member(member.group, [&](const Process& p) { any_stopped = any_stopped || p.stopped; });
  if (!any_stopped) return;
  for (const int number : {SIGHUP, SIGCONT}) {
    for_each_member(member.group, [number](Process& process) {
      post(process, {.number = number, .code = 0x80 /* SI_KERNEL */});
    });
  }
}

}  // namespace detsim
