// Whoever waits for a lock tries again when any lock may have been released: by an unlock, by a
// close, by the end of a process. Which of several waiters gets it is the scheduler's choice.
//
// A cycle of processes that wait for each other's POSIX locks is EDEADLK, as in the kernel
// (posix_locks_deadlock() in fs/locks.c); locks of open file descriptions have no owner to ask for.
#include "interpose/calls/file_locks.hpp"

#include <asm-generic/errno.h>
#include <linux/fcntl.h>

#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/socket_control.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr WaitKey kLocks{24, 0};
constexpr int kShared = 1, kExclusive = 2, kNonblocking = 4, kUnlock = 8;  // LOCK_* of flock(2)

struct Lock {  // struct flock of x86-64
  std::int16_t type, whence;
  std::int64_t start, length;
  std::int32_t pid;
};

// Whom the process waits for, by one of its tasks; 0: for nobody that is known.
std::int32_t waited_for_by(std::int32_t pid) {
  auto& scheduler = world().scheduler;
  const Process* process = find_process(pid);
  if (process == nullptr) return 0;
  std::int32_t found = 0;
  for_each_task(*process, [&](const Task& task) {
    const bool waits = task.state == TaskState::waiting && task.wait_kind == WaitKind::file_lock;
    if (waits && found == 0) found = static_cast<std::int32_t>(scheduler.tasks[task.id].wait_value);
  });
  return found;
}

bool would_deadlock(std::int32_t owner) {
  const auto mine = current_process().pid;
  for (std::uint32_t steps = 0; owner != 0 && steps < kProcessesMax; ++steps) {
    if (owner == mine) return true;
    owner = waited_for_by(owner);
  }
  return false;
}

// The world's pid of who holds what is in the way of the lock that `argument` asks for.
std::int32_t owner_of(int fd, std::uint64_t argument) {
  Lock lock;
  if (!get_user(lock, reinterpret_cast<const void*>(argument))) return 0;
  if (raw(__NR_fcntl, fd, F_GETLK, &lock) != 0 || lock.type == F_UNLCK) return 0;
  return virtual_pid(lock.pid);
}

bool wait_for_locks(std::int32_t owner) {
  current_task().wait_value = static_cast<std::uint64_t>(owner);
  const bool go_on = wait_uncertain(WaitKind::file_lock, kLocks, kNever);
  current_task().wait_value = 0;
  return go_on;
}

long get_lock(int fd, int command, std::uint64_t argument) {
  const long result = raw(__NR_fcntl, fd, command, argument);
  Lock lock;
  if (result != 0 || !get_user(lock, reinterpret_cast<const void*>(argument))) return result;
  if (lock.type == F_UNLCK || lock.pid <= 0) return result;
  lock.pid = virtual_pid(lock.pid);
  return put_user(lock, reinterpret_cast<void*>(argument)) ? 0 : -EFAULT;
}

long set_lock(int fd, int command, std::uint64_t argument) {
  const bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
  const bool is_posix = command == F_SETLK || command == F_SETLKW;
  const Descriptor descriptor = look_up(fd);
  for (;;) {
    const long result = raw(__NR_fcntl, fd, is_posix ? F_SETLK : F_OFD_SETLK, argument);
    if (result == 0) locks_may_be_free();
    if (!waits || (result != -EAGAIN && result != -EACCES)) return result;
    const auto owner = is_posix ? owner_of(fd, argument) : 0;
    if (is_posix && would_deadlock(owner)) return -EDEADLK;
    if (!wait_for_locks(owner)) return kRestartSys;
    if (!is_still(fd, descriptor)) return -EBADF;
  }
}

}  // namespace

bool lock_command(int fd, int command, std::uint64_t argument, long& result) {
  switch (command) {
    case F_GETLK: result = get_lock(fd, command, argument); return true;
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW: result = set_lock(fd, command, argument); return true;
    default: return false;
  }
}

void locks_may_be_free() {
  auto& scheduler = world().scheduler;
  if (scheduler.first_waiter(kLocks) != nullptr) scheduler.wake(kLocks, ~0u);
}

namespace model {

// Changing a lock lets the old one go first, whether the new one is had or not.
long flock(int fd, int operation) {
  const Descriptor descriptor = look_up(fd);
  for (bool first = true;; first = false) {
    const long result = raw(__NR_flock, fd, operation | kNonblocking);
    if (result == 0 || first) locks_may_be_free();
    const bool waits = (operation & kNonblocking) == 0 && (operation & (kShared | kExclusive)) != 0;
    if (result != -EAGAIN || !waits || (operation & kUnlock) != 0) return result;
    if (!wait_for_locks(0)) return kRestartSys;
    if (!is_still(fd, descriptor)) return -EBADF;
  }
}

}  // namespace model
}  // namespace detsim
