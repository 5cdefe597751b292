// Capabilities, I/O priorities and the execution domain: the kernel's own, of the process that the
// target names by its virtual pid.
#include <asm-generic/errno.h>
#include <linux/capability.h>
#include <sys/personality.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr int kIoPriorityOfProcess = 1;  // IOPRIO_WHO_PROCESS

/// The kernel's number for a task that the target names; 0 stays 0, the caller. -ESRCH: none.
std::int32_t real_pid_of(std::int32_t tid) {
  if (tid == 0) return 0;
  const Task* task = find_task(tid);
  return task == nullptr ? -ESRCH : process_of(*task).real_pid;
}

/// Both calls take a header with a version, which the kernel may correct, and a pid.
long with_real_pid(long number, void* header, void* data) {
  __user_cap_header_struct real{};
  if (!copy_from_user(&real, header, sizeof real)) return -EFAULT;
  const int pid = real.pid;
  if (pid > 0) real.pid = real_pid_of(pid);
  if (pid > 0 && real.pid < 0) return -ESRCH;
  const long result = raw(number, &real, data);
  real.pid = pid;
  return copy_to_user(header, &real, sizeof real) ? result : -EFAULT;
}

}  // namespace

namespace model {

long capget(void* header, void* data) { return with_real_pid(__NR_capget, header, data); }

long capset(void* header, void* data) { return with_real_pid(__NR_capset, header, data); }

long ioprio_get(int which, int who) {
  if (which != kIoPriorityOfProcess) return raw(__NR_ioprio_get, which, who);
  const auto pid = real_pid_of(who);
  return pid < 0 ? pid : raw(__NR_ioprio_get, which, pid);
}

long ioprio_set(int which, int who, int value) {
  if (which != kIoPriorityOfProcess) return raw(__NR_ioprio_set, which, who, value);
  const auto pid = real_pid_of(who);
  return pid < 0 ? pid : raw(__NR_ioprio_set, which, pid, value);
}

// Addresses are never random, in later images either, and the answer says so: a program that
// switches randomisation off and executes itself again finds that it is off.
long personality(unsigned wanted) {
  constexpr unsigned kOnlyAsk = 0xffffffff;
  return raw(__NR_personality, wanted == kOnlyAsk ? wanted : wanted | ADDR_NO_RANDOMIZE);
}

}  // namespace model
}  // namespace detsim
