// Where the world keeps System V IPC: a region of its own for the objects, and one for the bytes
// of shared memory. Private to the ipc_* files.
//
// Ids are made as the kernel makes them, index + sequence << 15, so that the id of a removed object
// is not mistaken for its successor.
#pragma once
#include <asm-generic/errno.h>
#include <linux/ipc.h>
#include <linux/msg.h>
#include <linux/sem.h>
#include <linux/shm.h>

#include "interpose/calls/clock.hpp"
#include "interpose/calls/ipc.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/world.hpp"

namespace detsim {

constexpr std::uint64_t kIpcRegion = kWorldAddress + (8ull << 30);
constexpr std::uint64_t kIpcMemory = kWorldAddress + (12ull << 30);
constexpr std::uint64_t kIpcMemoryBytes = 10ull << 30;

constexpr std::uint32_t kIpcObjectsMax = 4096;  // of each sort
constexpr std::uint32_t kAttachmentsMax = 65536;
constexpr std::uint32_t kSemaphoresPerSetMax = 32000, kSemaphoreMax = 32767;
constexpr std::uint32_t kSemaphoreOperationsMax = 500;
constexpr std::uint32_t kUndoMax = 65536;
constexpr std::uint32_t kMessageBytesMax = 8192, kQueueBytesMax = 16384;
constexpr std::uint32_t kMessagesMax = 65536, kBlocksMax = 262144, kBlockBytes = 1024;

// WaitKey::space of waits for a semaphore set, a message, room in a queue.
constexpr std::uint64_t kSemaphoreSpace = 20, kMessageSpace = 21, kRoomSpace = 22;

struct IpcHeader {  // what the three sorts have in common (struct kern_ipc_perm)
  bool used;
  std::int32_t key;
  std::uint32_t uid, gid, creator_uid, creator_gid;
  std::uint32_t mode;
  std::uint32_t sequence;  // of the last object that had this index, or has it
  std::int64_t changed_s;
};

struct Segment {
  IpcHeader header;
  std::uint64_t bytes;
  std::uint64_t offset;  // in the region kIpcMemory
  std::uint64_t object;  // as futexes know it
  std::uint32_t attached;
  std::int32_t creator_pid, last_pid;
  std::int64_t attached_s, detached_s;
};

struct Attachment {
  std::uint64_t address_space;  // 0: free
  std::uint64_t address;
  std::uint32_t segment;
};

struct Semaphore {
  std::int32_t value;
  std::int32_t pid;
};

struct SemaphoreSet {
  IpcHeader header;
  std::uint32_t count;
  std::int64_t operated_s;
};

struct Undo {  // added to a semaphore when the process ends
  bool used;
  std::uint16_t semaphore;
  std::uint32_t process;
  std::uint32_t set;
  std::int32_t adjustment;
};

struct Message {
  std::uint32_t next;  // index + 1, in its queue or in the free list
  std::uint32_t first_block;
  std::uint32_t bytes;
  std::int64_t type;
};

struct MessageQueue {
  IpcHeader header;
  std::uint32_t first, last;  // index + 1
  std::uint64_t bytes, bytes_max, count;
  std::int32_t last_sender, last_receiver;
  std::int64_t sent_s, received_s;
};

/// What a waiting task asked for: whoever makes it possible also does it, in order of arrival.
struct IpcWait {
  bool done;
  long result;
  std::uint32_t operation_count;  // semop
  std::int64_t type;              // msgrcv
  std::uint64_t bytes;
  int flags;
  std::uint32_t message;  // index + 1: handed over
  sembuf operations[kSemaphoreOperationsMax];
};

template <typename Object>
struct IpcTable {
  std::uint32_t used;  // indices below this one have been used
  Object objects[kIpcObjectsMax];
};

struct IpcState {
  IpcTable<Segment> segments;
  IpcTable<SemaphoreSet> sets;
  IpcTable<MessageQueue> queues;
  std::uint32_t attachments_used, undos_used;
  std::uint32_t messages_used, message_free, blocks_used, block_free;  // free: index + 1
  Attachment attachments[kAttachmentsMax];
  Undo undos[kUndoMax];
  Message messages[kMessagesMax];
  std::uint32_t next_block[kBlocksMax];  // index + 1
  IpcWait waits[kTasksMax];
  unsigned char blocks[kBlocksMax][kBlockBytes];
  Semaphore semaphores[kIpcObjectsMax][kSemaphoresPerSetMax];
};
static_assert(sizeof(IpcState) < kIpcMemory - kIpcRegion);

inline IpcState& ipc_state() { return *reinterpret_cast<IpcState*>(kIpcRegion); }

inline std::int64_t wall_seconds() {
  bool ok;
  return static_cast<std::int64_t>(clock_value(0, ok) / kSecondNs);
}

/// Whether the caller may do what `wanted` (permission bits, as in a mode) asks for.
bool ipc_permits(const IpcHeader& header, std::uint32_t wanted);
/// Whether the caller may change or remove the object.
bool ipc_owns(const IpcHeader& header);
/// Fills a fresh header of the caller's.
void ipc_begin(IpcHeader& header, std::int32_t key, int flags);
/// IPC_SET: takes owner and mode over.
void ipc_change(IpcHeader& header, const ipc64_perm& wanted);
void ipc_describe(const IpcHeader& header, ipc64_perm& description);

template <typename Object>
long ipc_id(const IpcTable<Object>& table, const Object& object) {
  return (&object - table.objects) + (static_cast<long>(object.header.sequence) << 15);
}

template <typename Object>
Object* ipc_find(IpcTable<Object>& table, int id) {
  if (id < 0) return nullptr;
  const auto index = static_cast<std::uint32_t>(id) & 0x7fff;
  if (index >= table.used) return nullptr;
  Object& object = table.objects[index];
  const bool same = object.header.used && object.header.sequence == static_cast<unsigned>(id) >> 15;
  return same ? &object : nullptr;
}

/// As ipc_find, or, for the *_STAT commands, by index.
template <typename Object>
Object* ipc_find(IpcTable<Object>& table, int id, bool by_index) {
  if (!by_index) return ipc_find(table, id);
  if (id < 0 || static_cast<std::uint32_t>(id) >= table.used) return nullptr;
  return table.objects[id].header.used ? &table.objects[id] : nullptr;
}

/// The *get calls: `is_fit` judges an existing object, `make` fills a fresh one; both answer 0 or
/// an error.
template <typename Object, typename IsFit, typename Make>
long ipc_get(IpcTable<Object>& table, int key, int flags, IsFit is_fit, Make make) {
  std::uint32_t index = 0;
  for (; key != IPC_PRIVATE && index < table.used; ++index) {
    Object& object = table.objects[index];
    if (!object.header.used || object.header.key != key) continue;
    if ((flags & IPC_CREAT) != 0 && (flags & IPC_EXCL) != 0) return -EEXIST;
    if (!ipc_permits(object.header, static_cast<std::uint32_t>(flags))) return -EACCES;
    const long fit = is_fit(object);
    return fit != 0 ? fit : ipc_id(table, object);
  }
  if (key != IPC_PRIVATE && (flags & IPC_CREAT) == 0) return -ENOENT;
  index = 0;
  while (index < table.used && table.objects[index].header.used) ++index;
  if (index == kIpcObjectsMax) return -ENOSPC;
  Object& object = table.objects[index];
  const auto sequence = index == table.used ? 0 : (object.header.sequence + 1) & 0xffff;
  object = {};
  object.header.sequence = sequence;
  if (const long error = make(object)) return error;
  if (index == table.used) ++table.used;
  ipc_begin(object.header, key, flags);
  return ipc_id(table, object);
}

/// The highest index in use, as the *_INFO commands tell; 0 when there is none.
template <typename Object>
long ipc_highest(const IpcTable<Object>& table) {
  std::uint32_t highest = 0;
  for (std::uint32_t i = 0; i < table.used; ++i) {
    if (table.objects[i].header.used) highest = i;
  }
  return highest;
}

/// Visits the tasks that wait for `key`, in order of arrival; `visit` may wake the one it gets.
template <typename Visit>
void ipc_for_waiters(WaitKey key, Visit visit) {
  auto& scheduler = world().scheduler;
  Task* task = scheduler.first_waiter(key);
  while (task != nullptr) {
    TaskId next = task->queue_next;
    while (next != kNoTask && scheduler.tasks[next].wait_key != key) {
      next = scheduler.tasks[next].queue_next;
    }
    if (!visit(*task, ipc_state().waits[task->id])) return;
    task = next == kNoTask ? nullptr : &scheduler.tasks[next];
  }
}

inline void ipc_finish(Task& task, long result) {
  IpcWait& wait = ipc_state().waits[task.id];
  wait.done = true;
  wait.result = result;
  world().scheduler.make_runnable(task, Wake::woken);
}

}  // namespace detsim
