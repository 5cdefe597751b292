#include "launcher/report_running.hpp"

#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>
#include <cstring>

namespace detsim {
namespace {

constexpr int kAttempts = 10;
constexpr int kWait_ms = 1000;  // a process in an uninterruptible sleep is not waited for

bool wait_for_stop(pid_t pid) {
  for (int i = 0; i < kWait_ms; ++i) {
    int status = 0;
    const pid_t ended = waitpid(pid, &status, WNOHANG | __WALL);
    if (ended == pid) return WIFSTOPPED(status);
    if (ended < 0) return false;
    const timespec pause{0, 1'000'000};
    nanosleep(&pause, nullptr);
  }
  errno = ETIMEDOUT;
  return false;
}

Registers from_kernel(const user_regs_struct& r) {
  return {r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8,
          r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rip};
}

}  // namespace

RunningProcess::RunningProcess(const World& world, Outcome outcome) {
  if (outcome != Outcome::wall_timeout) return;
  for (int i = 0; i < kAttempts; ++i) {
    const auto pid = static_cast<pid_t>(__atomic_load_n(&world.running_real_pid, __ATOMIC_SEQ_CST));
    if (pid == 0 || !stop(pid)) return;
    // It may have handed the baton over before it stopped.
    if (pid == static_cast<pid_t>(__atomic_load_n(&world.running_real_pid, __ATOMIC_SEQ_CST))) {
      return;
    }
    ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
    pid_ = 0;
  }
  problem_ = "the running process changes too quickly to be stopped";
}

RunningProcess::~RunningProcess() {
  if (pid_ != 0) ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
}

bool RunningProcess::stop(pid_t pid) {
  user_regs_struct registers;
  const bool seized = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0;
  if (seized && ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) == 0 && wait_for_stop(pid) &&
      ptrace(PTRACE_GETREGS, pid, nullptr, &registers) == 0) {
    pid_ = pid;
    registers_ = from_kernel(registers);
    return true;
  }
  problem_ = fmt::format("its process cannot be stopped: {}", std::strerror(errno));
  if (seized) ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  return false;
}

}  // namespace detsim
