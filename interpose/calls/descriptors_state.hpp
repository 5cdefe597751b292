// Where the world keeps what it knows about descriptors: the region kWorldDescriptors. Private to
// the files of the descriptor family; the others ask descriptors.hpp and idle.hpp.
#pragma once
#include "interpose/calls/descriptors.hpp"
#include "scheduler/world.hpp"

namespace detsim {

constexpr std::uint32_t kObjectsMax = 1 << 20;
constexpr std::uint32_t kObjectBuckets = 1 << 16;
constexpr unsigned kInterestMax = 64;
constexpr unsigned kBackedMax = 14;
constexpr std::uint32_t kCookiesKept = 64;

/// What a waiting task waits for, beside its WaitKey.
struct IoWait {
  ObjectId objects[kInterestMax];  // several: poll and select
  std::uint8_t events[kInterestMax];
  std::uint32_t count;
  bool anything;           // more than fit: everything concerns it
  bool exact;              // whatever could end the wait will say so
  bool may_block;          // the next look may block for real: nobody else can run
  bool is_alone;           // nobody else waits for the outside: it may block without end
  std::uint64_t tried_at;  // World::entered when it last looked
  std::uint64_t call, call_deadline_ns;  // deadline_of_call(): of which one of Task::calls
  std::int32_t tid;                      // and of whom
  std::uint32_t vain_looks;              // looks without waiting that found nothing, in a row
};

struct DescriptorTable {
  std::uint32_t users;         // processes; 0: free
  std::uint32_t end;           // one past the highest entry that was ever filled
  std::uint32_t backed_count;  // of timerfds and signalfds; beyond kBackedMax: look through all
  std::int32_t backed[kBackedMax];
};

struct DescriptorState {
  std::uint32_t table_of[kProcessesMax];  // table + 1; 0: none yet
  DescriptorTable tables[kProcessesMax];
  std::uint32_t tables_used;
  std::uint64_t entries_put;  // grows with every entry that becomes another one
  bool pipes_refuse_nowait;   // the kernel is older than 6.5
  ObjectId objects_used, object_free;
  ObjectId buckets[kObjectBuckets];
  ObjectId inotifies;       // all of them are one object
  ObjectId outer_terminal;  // the one that the run was started from
  struct {
    std::uint32_t real, shown;
  } cookies[kCookiesKept];  // of inotify
  std::uint32_t cookies_so_far;
  std::uint32_t epolls_so_far;
  std::uint32_t uncertain_waiters;  // at most so many tasks wait for objects that are not exact
  std::uint32_t last_outside;       // the task that last waited for the outside
  IoWait waits[kTasksMax];
  IoObject objects[kObjectsMax];
};
static_assert(sizeof(DescriptorState) < 1ull << 30);

inline DescriptorState& descriptor_state() {
  return *reinterpret_cast<DescriptorState*>(kWorldDescriptors);
}

constexpr std::uint64_t kDescriptorEntries = kWorldDescriptors + (1ull << 30);
static_assert(sizeof(Descriptor) * kDescriptorsMax * kProcessesMax <= 3ull << 30);

/// The entries of a table.
inline Descriptor* entries_of(std::uint32_t table) {
  return reinterpret_cast<Descriptor*>(kDescriptorEntries) +
         static_cast<std::uint64_t>(table) * kDescriptorsMax;
}

/// The current process's table.
std::uint32_t current_table();

/// The record with this identity, made when there is none.
ObjectId object_by_identity(DescriptorKind kind, std::uint64_t space, std::uint64_t number,
                            bool& is_new);

/// The record with this identity; kNoObject when there is none.
ObjectId find_object(std::uint64_t space, std::uint64_t number);

/// The record with this identity has that of another number now, if there is one.
void rename_object(std::uint64_t space, std::uint64_t was, std::uint64_t is);

/// More than one descriptor stands for the object. (What an epoll instance watches refers to it.)
inline bool is_shared(const IoObject& object) {
  return object.references - (object.kind == DescriptorKind::epoll ? object.value : 0) > 1;
}

/// Some epoll instance has the object in its set.
bool is_watched(const IoObject& object);

// Identity spaces of objects that have no inode of their own.
constexpr std::uint64_t kEventfdSpace = ~1ull, kPidfdSpace = ~2ull, kTerminalSpace = ~3ull;

}  // namespace detsim
