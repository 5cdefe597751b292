// System V semaphores, after ipc/sem.c: a call's operations happen all at once or not at all, and
// whoever makes them possible for a waiting task carries them out on its behalf, in the order in
// which the tasks came.
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/ipc_state.hpp"

namespace detsim {
namespace {

constexpr long kWouldBlock = 1;
constexpr int kVersionBit = 0x100;

std::uint32_t index_of(const SemaphoreSet& set) {
  return static_cast<std::uint32_t>(&set - ipc_state().sets.objects);
}

Semaphore* semaphores_of(const SemaphoreSet& set) { return ipc_state().semaphores[index_of(set)]; }

WaitKey key_of(const SemaphoreSet& set) { return {kSemaphoreSpace, index_of(set)}; }

template <typename Visit>
void for_undos(const SemaphoreSet& set, Visit visit) {
  auto& state = ipc_state();
  for (std::uint32_t i = 0; i < state.undos_used; ++i) {
    if (state.undos[i].used && state.undos[i].set == index_of(set)) visit(state.undos[i]);
  }
}

// The process's adjustment of one semaphore; made when there is none. nullptr: no room.
Undo* undo_of(const Process& process, const SemaphoreSet& set, std::uint16_t semaphore) {
  auto& state = ipc_state();
  Undo* unused = nullptr;
  for (std::uint32_t i = 0; i < state.undos_used; ++i) {
    Undo& undo = state.undos[i];
    if (!undo.used) {
      if (unused == nullptr) unused = &undo;
    } else if (undo.process == process.index && undo.set == index_of(set) &&
               undo.semaphore == semaphore) {
      return &undo;
    }
  }
  if (unused == nullptr) {
    if (state.undos_used == kUndoMax) return nullptr;
    unused = &state.undos[state.undos_used++];
  }
  *unused = {true, semaphore, process.index, index_of(set), 0};
  return unused;
}

void take_back(const SemaphoreSet& set, const Process& process, const sembuf* operations,
               std::uint32_t count) {
  Semaphore* all = semaphores_of(set);
  for (std::uint32_t i = count; i-- > 0;) {
    const sembuf& operation = operations[i];
    all[operation.sem_num].value -= operation.sem_op;
    if ((operation.sem_flg & SEM_UNDO) == 0) continue;
    undo_of(process, set, operation.sem_num)->adjustment += operation.sem_op;
  }
}

// Does all operations: 0. Otherwise nothing has changed: an error, or kWouldBlock.
long perform(SemaphoreSet& set, const Process& process, const sembuf* operations,
             std::uint32_t count) {
  Semaphore* all = semaphores_of(set);
  for (std::uint32_t i = 0; i < count; ++i) {
    const sembuf& operation = operations[i];
    Semaphore& semaphore = all[operation.sem_num];
    const auto value = semaphore.value + operation.sem_op;
    long failure = 0;
    if (value < 0 || (operation.sem_op == 0 && semaphore.value != 0)) {
      failure = (operation.sem_flg & IPC_NOWAIT) != 0 ? -EAGAIN : kWouldBlock;
    } else if (value > static_cast<int>(kSemaphoreMax)) {
      failure = -ERANGE;
    } else if ((operation.sem_flg & SEM_UNDO) != 0) {
      Undo* undo = undo_of(process, set, operation.sem_num);
      const auto adjustment = undo == nullptr ? 0 : undo->adjustment - operation.sem_op;
      if (undo == nullptr) failure = -ENOMEM;
      if (adjustment < -32768 || adjustment > 32767) failure = -ERANGE;
      if (failure == 0) undo->adjustment = adjustment;
    }
    if (failure != 0) {
      take_back(set, process, operations, i);
      return failure;
    }
    semaphore.value = value;
  }
  for (std::uint32_t i = 0; i < count; ++i) all[operations[i].sem_num].pid = process.pid;
  set.operated_s = wall_seconds();
  return 0;
}

// Something changed: the waiting tasks' operations are tried, again from the first one whenever
// one of them changed something too.
void serve_waiters(SemaphoreSet& set) {
  for (bool changed = true; changed;) {
    changed = false;
    ipc_for_waiters(key_of(set), [&](Task& task, IpcWait& wait) {
      const long result = perform(set, process_of(task), wait.operations, wait.operation_count);
      if (result == kWouldBlock) return true;
      bool alters = false;
      for (std::uint32_t i = 0; i < wait.operation_count; ++i) {
        alters = alters || wait.operations[i].sem_op != 0;
      }
      ipc_finish(task, result);
      changed = result == 0 && alters;
      return !changed;
    });
  }
}

// What GETNCNT and GETZCNT count: who waits for this semaphore to grow, or to become zero.
long count_waiters(const SemaphoreSet& set, std::uint32_t number, bool for_zero) {
  long count = 0;
  ipc_for_waiters(key_of(set), [&](Task&, IpcWait& wait) {
    for (std::uint32_t i = 0; i < wait.operation_count; ++i) {
      const sembuf& operation = wait.operations[i];
      const auto value = semaphores_of(set)[operation.sem_num].value;
      const bool blocks = operation.sem_op == 0 ? value != 0 : value + operation.sem_op < 0;
      if (!blocks) continue;  // the first one that cannot go on is what the task waits for
      if (operation.sem_num == number && (operation.sem_op == 0) == for_zero) ++count;
      break;
    }
    return true;
  });
  return count;
}

long operate(int id, const sembuf* from, std::uint32_t count, std::uint64_t deadline_ns) {
  if (count < 1 || id < 0) return -EINVAL;
  if (count > kSemaphoreOperationsMax) return -E2BIG;
  IpcWait& wait = ipc_state().waits[current_task().id];
  if (!copy_from_user(wait.operations, from, count * sizeof(sembuf))) return -EFAULT;
  SemaphoreSet* set = ipc_find(ipc_state().sets, id);
  if (set == nullptr) return -EINVAL;
  bool alters = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (wait.operations[i].sem_num >= set->count) return -EFBIG;
    alters = alters || wait.operations[i].sem_op != 0;
  }
  if (!ipc_permits(set->header, alters ? 0222 : 0444)) return -EACCES;
  const long result = perform(*set, current_process(), wait.operations, count);
  if (result == 0 && alters) serve_waiters(*set);
  if (result != kWouldBlock) return result;
  wait.operation_count = count;
  wait.done = false;
  for (;;) {
    const Wake why = wait_for(WaitKind::ipc, key_of(*set), deadline_ns, true);
    if (wait.done) return wait.result;
    if (why == Wake::timed_out) return -EAGAIN;
    if (why == Wake::interrupted) return -EINTR;
  }
}

long remove(SemaphoreSet& set) {
  for_undos(set, [](Undo& undo) { undo.used = false; });
  set.header.used = false;
  ipc_for_waiters(key_of(set), [](Task& task, IpcWait&) {
    ipc_finish(task, -EIDRM);
    return true;
  });
  return 0;
}

long describe(int id, int command, void* to) {
  auto& table = ipc_state().sets;
  const SemaphoreSet* set = ipc_find(table, id, command != IPC_STAT);
  if (set == nullptr) return -EINVAL;
  if (command != SEM_STAT_ANY && !ipc_permits(set->header, 0444)) return -EACCES;
  semid64_ds description = {};
  ipc_describe(set->header, description.sem_perm);
  description.sem_otime = set->operated_s;
  description.sem_ctime = set->header.changed_s;
  description.sem_nsems = set->count;
  if (!put_user(description, to)) return -EFAULT;
  return command == IPC_STAT ? 0 : ipc_id(table, *set);
}

long tell_limits(int command, void* to) {
  auto& table = ipc_state().sets;
  seminfo info = {};
  info.semmni = kIpcObjectsMax;
  info.semmsl = kSemaphoresPerSetMax;
  info.semmns = info.semmap = info.semmnu = 1024000000;
  info.semopm = info.semume = kSemaphoreOperationsMax;
  info.semvmx = info.semaem = kSemaphoreMax;
  info.semusz = 20;
  if (command == SEM_INFO) {
    info.semusz = info.semaem = 0;
    for (std::uint32_t i = 0; i < table.used; ++i) {
      if (!table.objects[i].header.used) continue;
      ++info.semusz;
      info.semaem += static_cast<int>(table.objects[i].count);
    }
  }
  return put_user(info, to) ? ipc_highest(table) : -EFAULT;
}

void set_value(SemaphoreSet& set, std::uint32_t number, std::int32_t value) {
  semaphores_of(set)[number] = {value, current_process().pid};
  for_undos(set, [number](Undo& undo) {
    if (undo.semaphore == number) undo.used = false;
  });
}

long read_or_set_all(SemaphoreSet& set, int command, unsigned short* values) {
  Semaphore* all = semaphores_of(set);
  if (command == GETALL) {
    for (std::uint32_t i = 0; i < set.count; ++i) {
      if (!put_user(static_cast<unsigned short>(all[i].value), values + i)) return -EFAULT;
    }
    return 0;
  }
  for (int pass = 0; pass < 2; ++pass) {  // judged before anything is changed
    for (std::uint32_t i = 0; i < set.count; ++i) {
      unsigned short value;
      if (!get_user(value, values + i)) return -EFAULT;
      if (value > kSemaphoreMax) return -ERANGE;
      if (pass == 1) set_value(set, i, value);
    }
  }
  set.header.changed_s = wall_seconds();
  serve_waiters(set);
  return 0;
}

long control_one(SemaphoreSet& set, int number, int command, std::uint64_t argument) {
  if (number < 0 || static_cast<std::uint32_t>(number) >= set.count) return -EINVAL;
  const auto which = static_cast<std::uint32_t>(number);
  switch (command) {
    case GETVAL: return semaphores_of(set)[which].value;
    case GETPID: return semaphores_of(set)[which].pid;
    case GETNCNT: return count_waiters(set, which, false);
    case GETZCNT: return count_waiters(set, which, true);
    default: break;
  }
  const auto value = static_cast<std::int32_t>(argument);
  if (value < 0 || value > static_cast<std::int32_t>(kSemaphoreMax)) return -ERANGE;
  set_value(set, which, value);
  set.header.changed_s = wall_seconds();
  serve_waiters(set);
  return 0;
}

}  // namespace

void undo_semaphores(const Process& process) {
  auto& state = ipc_state();
  for (std::uint32_t i = 0; i < state.undos_used; ++i) {
    Undo& undo = state.undos[i];
    if (!undo.used || undo.process != process.index) continue;
    undo.used = false;
    if (undo.adjustment == 0) continue;
    SemaphoreSet& set = state.sets.objects[undo.set];
    Semaphore& semaphore = semaphores_of(set)[undo.semaphore];
    const auto value = semaphore.value + undo.adjustment;
    const auto highest = static_cast<std::int32_t>(kSemaphoreMax);
    semaphore = {value < 0 ? 0 : value > highest ? highest : value, process.pid};
    serve_waiters(set);
  }
}

namespace model {

long semget(int key, int count, int flags) {
  if (count < 0 || count > static_cast<int>(kSemaphoresPerSetMax)) return -EINVAL;
  const auto wanted = static_cast<std::uint32_t>(count);
  return ipc_get(
      ipc_state().sets, key, flags,
      [&](const SemaphoreSet& found) -> long { return wanted > found.count ? -EINVAL : 0; },
      [&](SemaphoreSet& fresh) -> long {
        if (wanted == 0) return -EINVAL;
        fresh.count = wanted;
        for (std::uint32_t i = 0; i < wanted; ++i) semaphores_of(fresh)[i] = {};
        return 0;
      });
}

long semop(int id, const void* operations, std::size_t count) {
  const auto limit = kSemaphoreOperationsMax + 1;  // a larger count is as wrong as this one
  return operate(id, static_cast<const sembuf*>(operations),
                 count > limit ? limit : static_cast<std::uint32_t>(count), kNever);
}

long semtimedop(int id, const void* operations, std::size_t count, const void* timeout) {
  if (timeout == nullptr) return semop(id, operations, count);
  std::int64_t time[2];
  if (!get_user(time, timeout)) return -EFAULT;
  if (time[0] < 0 || time[1] < 0 || time[1] >= 1'000'000'000) return -EINVAL;
  const auto limit = kSemaphoreOperationsMax + 1;
  return operate(id, static_cast<const sembuf*>(operations),
                 count > limit ? limit : static_cast<std::uint32_t>(count),
                 deadline_from(1, time[0], time[1], false));
}

long semctl(int id, int number, int command, std::uint64_t argument) {
  command &= ~kVersionBit;
  if (id < 0) return -EINVAL;
  auto* buffer = reinterpret_cast<void*>(argument);
  if (command == IPC_INFO || command == SEM_INFO) return tell_limits(command, buffer);
  if (command == IPC_STAT || command == SEM_STAT || command == SEM_STAT_ANY) {
    return describe(id, command, buffer);
  }
  semid64_ds wanted;
  if (command == IPC_SET && !get_user(wanted, buffer)) return -EFAULT;
  SemaphoreSet* set = ipc_find(ipc_state().sets, id);
  if (set == nullptr) return -EINVAL;
  switch (command) {
    case IPC_SET:
    case IPC_RMID:
      if (!ipc_owns(set->header)) return -EPERM;
      if (command == IPC_RMID) return remove(*set);
      ipc_change(set->header, wanted.sem_perm);
      return 0;
    case GETALL:
    case SETALL:
      if (!ipc_permits(set->header, command == SETALL ? 0222 : 0444)) return -EACCES;
      return read_or_set_all(*set, command, static_cast<unsigned short*>(buffer));
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
    case SETVAL:
      if (!ipc_permits(set->header, command == SETVAL ? 0222 : 0444)) return -EACCES;
      return control_one(*set, number, command, argument);
    default: return -EINVAL;
  }
}

}  // namespace model
}  // namespace detsim
