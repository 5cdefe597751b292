// What a waiting task waits for. The scheduler knows a futex word; which lock that is a part of
// follows from the C library's function that the task is in, and from glibc's layout of the
// object (sysdeps/nptl/bits, sysdeps/x86/nptl/bits: part of glibc's binary interface, and so
// stable).
#include <fmt/format.h>
#include <linux/futex.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "launcher/report_facts.hpp"
#include "scheduler/spin_words.hpp"

namespace detsim {
namespace {

// One row per kind of object: the functions that wait for it, and how far behind its start the
// words lie that they wait on.
struct ObjectKind {
  const char* noun;
  std::array<int, 2> word_offsets;  // the second is -1 where there is one only
  std::array<const char*, 8> functions;
};

constexpr ObjectKind kMutex{
    "mutex",
    {0, -1},
    {"pthread_mutex_lock", "pthread_mutex_timedlock", "pthread_mutex_clocklock", "mtx_lock",
     "mtx_timedlock", "pthread_mutex_lock_full", "pthread_mutex_cond_lock",
     "pthread_mutex_cond_lock_full"}};
constexpr ObjectKind kCondition{"condition variable",
                                {40, 44},
                                {"pthread_cond_wait", "pthread_cond_timedwait",
                                 "pthread_cond_clockwait", "cnd_wait", "cnd_timedwait"}};
constexpr ObjectKind kReadWriteLock{
    "read-write lock",
    {8, 12},
    {"pthread_rwlock_rdlock", "pthread_rwlock_wrlock", "pthread_rwlock_timedrdlock",
     "pthread_rwlock_timedwrlock", "pthread_rwlock_clockrdlock", "pthread_rwlock_clockwrlock"}};
constexpr ObjectKind kSemaphore{
    "semaphore", {0, -1}, {"sem_wait", "sem_timedwait", "sem_clockwait", "new_sem_wait"}};
constexpr ObjectKind kBarrier{"barrier", {4, -1}, {"pthread_barrier_wait"}};
constexpr ObjectKind kOnce{"one-time initialisation", {0, -1}, {"pthread_once", "call_once"}};
constexpr ObjectKind kStatic{"initialisation of a static variable", {0, -1}, {"cxa_guard_acquire"}};
constexpr const ObjectKind* kKinds[] = {&kMutex,   &kCondition, &kReadWriteLock, &kSemaphore,
                                        &kBarrier, &kOnce,      &kStatic};

// `__pthread_mutex_lock`, `___pthread_mutex_lock` and `__GI___pthread_mutex_lock` are one.
std::string_view plain_name(std::string_view name) {
  const auto strip = [&name](std::string_view prefix) {
    const bool there = name.starts_with(prefix);
    if (there) name.remove_prefix(prefix.size());
    return there;
  };
  while (strip("_") || strip("GI_")) {
  }
  return name.substr(0, name.find('@'));
}

bool is_runtime(const StackFrame& frame) {
  return frame.module.starts_with("libc.so") || frame.module.starts_with("libpthread.so") ||
         frame.module.starts_with("libstdc++.so") || frame.module.starts_with("libc++");
}

const ObjectKind* kind_of_function(std::string_view function) {
  if (function.empty()) return nullptr;
  for (const auto* kind : kKinds) {
    for (const char* name : kind->functions) {
      if (name == nullptr || !function.starts_with(name)) continue;
      // `new_sem_wait_slow64`, `pthread_once_slow`: the part of it that waits.
      const auto rest = function.substr(std::strlen(name));
      if (rest.empty() || rest.starts_with("_slow")) return kind;
    }
  }
  return nullptr;
}

// The libpthread function that the task is in, and its frame. Nothing that lies outside of the
// runtime libraries is passed: what a program calls from a callback is its own.
const ObjectKind* kind_by_stack(const std::vector<StackFrame>& stack, std::size_t& at) {
  for (std::size_t i = 0; i < stack.size(); ++i) {
    if (const auto* kind = kind_of_function(plain_name(stack[i].function))) {
      at = i;
      return kind;
    }
    if (!is_runtime(stack[i])) break;
  }
  return nullptr;
}

// The types of the C++ library that wait by themselves (std::atomic and what is made of it), and
// the frame of their function that the program called.
const char* kind_by_header(const std::vector<StackFrame>& stack, std::size_t& at) {
  bool waits = false;
  std::size_t i = 0;
  for (; i < stack.size(); ++i) {
    const auto& frame = stack[i];
    if (frame.file.find("/c++/") == std::string::npos && !is_runtime(frame)) break;
    waits = waits || frame.function.find("atomic_wait") != std::string::npos ||
            frame.function.find("platform_wait") != std::string::npos;
  }
  if (!waits || i == 0) return nullptr;
  at = i - 1;
  const auto& function = stack[at].function;
  for (const char* type : {"latch", "barrier", "semaphore"}) {
    if (function.find(type) != std::string::npos) return type;
  }
  return "atomic variable";
}

class FutexWait {
 public:
  FutexWait(const World& world, const Task& task, ProcessView& view, TaskFacts& facts)
      : world_(world),
        task_(task),
        process_(world.processes[task.process]),
        view_(view),
        facts_(facts),
        word_at_(world.threads[task.id].waiting_word) {}

  WaitFacts find() {
    wait_.verb = "waits for";
    wait_.address = word_at_;
    if (find_join()) return wait_;
    std::size_t at = 0;
    const auto* kind = kind_by_stack(facts_.stack, at);
    if (kind != nullptr) facts_.stack_begin = at;
    // Without symbols of internal functions, locking again after a wait looks like the wait.
    if (kind == &kCondition && owner_at(word_at_ + 8) != nullptr && read(word_at_) == 2 &&
        task_.wait_kind == WaitKind::futex) {
      kind = &kMutex;
    }
    if (kind == nullptr && task_.wait_kind == WaitKind::futex_pi) kind = &kMutex;
    const char* other = kind == nullptr ? kind_by_header(facts_.stack, at) : nullptr;
    if (other != nullptr) facts_.stack_begin = at;
    wait_.noun = kind != nullptr ? kind->noun : other != nullptr ? other : "futex";
    if (kind != nullptr) wait_.address = start_of(*kind);
    wait_.object = describe_address(world_, process_, view_, wait_.address);
    if (kind == &kMutex) find_mutex_owner();
    if (kind == &kReadWriteLock) find_writer();
    if (kind == &kBarrier) count_arrivals();
    return wait_;
  }

 private:
  // pthread_join waits for the word that the kernel zeroes when the thread ends.
  bool find_join() {
    for (TaskId id = 0; id < world_.scheduler.tasks_used; ++id) {
      const Task& other = world_.scheduler.tasks[id];
      const bool live = other.state == TaskState::runnable || other.state == TaskState::waiting;
      if (!live || id == task_.id || world_.threads[id].clear_child_tid != word_at_ ||
          world_.processes[other.process].address_space != process_.address_space) {
        continue;
      }
      wait_.verb = "joins";
      wait_.object = task_words(other);
      wait_.holder = id;
      for (std::size_t i = 0; i < facts_.stack.size() && is_runtime(facts_.stack[i]); ++i) {
        const auto name = plain_name(facts_.stack[i].function);
        if (name.starts_with("pthread_") && name.find("join") != name.npos) facts_.stack_begin = i;
      }
      return true;
    }
    return false;
  }

  std::uint32_t read(std::uint64_t address) const {
    std::uint32_t value = 0;
    return read_memory(process_.real_pid, address, &value, sizeof(value)) ? value : 0;
  }

  const Task* find_task(std::uint32_t tid) const {
    if (tid == 0) return nullptr;
    for (TaskId id = 0; id < world_.scheduler.tasks_used; ++id) {
      const Task& task = world_.scheduler.tasks[id];
      const bool live = task.state == TaskState::runnable || task.state == TaskState::waiting;
      if (live && task.tid == static_cast<std::int32_t>(tid)) return &task;
    }
    return nullptr;
  }

  const Task* owner_at(std::uint64_t address) const { return find_task(read(address)); }

  // Of two words, the one whose object would be aligned as its type demands is meant; a
  // read-write lock's words tell it by the writer that stands behind them.
  std::uint64_t start_of(const ObjectKind& kind) const {
    const auto first = word_at_ - static_cast<unsigned>(kind.word_offsets[0]);
    if (kind.word_offsets[1] < 0) return first;
    const auto second = word_at_ - static_cast<unsigned>(kind.word_offsets[1]);
    if (first % 8 != second % 8) return first % 8 == 0 ? first : second;
    return owner_at(second + 24) != nullptr ? second : first;
  }

  void set_holder(std::uint32_t tid) {
    const Task* owner = find_task(tid);
    if (owner == &task_) {
      wait_.holder_words = "held by itself";
    } else if (owner != nullptr) {
      wait_.holder_words = "held by " + task_words(*owner);
    } else if (tid != 0) {
      wait_.holder_words = fmt::format("held by task {}, which has ended", tid);
    }
    if (owner != nullptr) wait_.holder = owner->id;
  }

  // pthread_mutex_t: lock word, count, owner. Robust and PI locks have the owner in the word.
  void find_mutex_owner() {
    const auto word = read(word_at_);
    if (task_.wait_kind == WaitKind::futex_pi) return set_holder(word & FUTEX_TID_MASK);
    const auto owner = read(word_at_ + 8);
    set_holder(owner != 0 || word <= 2 ? owner : word & FUTEX_TID_MASK);
  }

  // pthread_rwlock_t: readers, writers, two futex words, padding, the current writer.
  void find_writer() {
    if (const auto writer = read(wait_.address + 24)) return set_holder(writer);
    // The lowest three bits of `readers` say the phase; readers are counted above them.
    const auto readers = read(wait_.address) >> 3;
    if (readers > 0) {
      wait_.holder_words = fmt::format("held by {} reader{}", readers, readers == 1 ? "" : "s");
    }
  }

  // struct pthread_barrier: arrivals so far, arrivals before this round, how many it takes.
  void count_arrivals() {
    const auto arrived = read(wait_.address) - read(wait_.address + 4);
    const auto needed = read(wait_.address + 8);
    if (arrived < needed) wait_.remark = fmt::format("{} of {} have arrived", arrived, needed);
  }

  const World& world_;
  const Task& task_;
  const Process& process_;
  ProcessView& view_;
  TaskFacts& facts_;
  const std::uint64_t word_at_;
  WaitFacts wait_;
};

// What a spinning task reads that somebody could change, its own stack last.
WaitFacts spin_wait(const World& world, const Task& task, ProcessView& view) {
  constexpr std::size_t kWords = 4;
  WaitFacts wait;
  wait.verb = "spins";
  wait.noun = "for ever";
  const auto& process = world.processes[task.process];
  SpinWords reads;
  if (!read_memory(process.real_pid, world.threads[task.id].spin, &reads, sizeof(reads)) ||
      reads.count > kSpinWordsMax) {
    return wait;
  }
  std::vector<std::uint64_t> places, own;
  for (std::uint32_t i = 0; i < reads.count; ++i) {
    const auto& word = reads.words[i];
    const auto at = word.address + static_cast<unsigned>(std::countr_zero(word.mask)) / 8;
    const bool is_own = at >= reads.stack_begin && at < reads.stack_end;
    if (is_writable(process.real_pid, at)) (is_own ? own : places).push_back(at);
  }
  if (places.empty()) places = own;
  if (places.empty()) return wait;
  wait.verb = "spins on";
  wait.noun.clear();
  wait.address = places[0];
  for (std::size_t i = 0; i < std::min(places.size(), kWords); ++i) {
    if (i != 0) wait.object += ", ";
    wait.object += describe_address(world, process, view, places[i]);
  }
  if (places.size() > kWords) wait.object += ", ...";
  return wait;
}

}  // namespace

void find_wait(const World& world, const Task& task, const Frame* frame, ProcessView& view,
               TaskFacts& facts) {
  const bool is_futex = task.wait_kind == WaitKind::futex || task.wait_kind == WaitKind::futex_pi;
  facts.wait = is_futex                           ? FutexWait(world, task, view, facts).find()
               : task.wait_kind == WaitKind::spin ? spin_wait(world, task, view)
                                                  : find_call_wait(world, task, frame);
  facts.wait->since_ns = task.wait_since_ns;
  const auto& timer = world.scheduler.timers[task.id];
  if (timer.heap_index != 0) facts.wait->until_ns = timer.deadline_ns;
}

}  // namespace detsim
