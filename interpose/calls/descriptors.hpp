// What the world knows about descriptors beyond the kernel: of which kind each one is, and which
// object is behind it.
//
// Each process has a table (processes that share descriptors share it) with a small entry per
// number, filled at first use. The objects that tasks can wait for (pipes, sockets, eventfds, ...)
// have a record in the world, so that whoever makes one ready finds those who wait for it.
//
// Invariants:
//   - an entry is forgotten before its number can mean something else: every call that closes or
//     replaces a descriptor goes through this file;
//   - an object lives while an entry, a waiting task or a message in flight refers to it.
#pragma once
#include <cstdint>

#include "scheduler/world.hpp"

namespace detsim {

enum class DescriptorKind : std::uint8_t {
  unknown,
  regular,
  directory,
  pipe,
  socket,
  terminal,
  eventfd,
  timerfd,
  signalfd,
  epoll,
  inotify,
  pidfd,
  message_queue,
  random,
  other
};

using ObjectId = std::uint32_t;  // index of an IoObject; identity only, never ordered
constexpr ObjectId kNoObject = 0;

struct Inode;

struct Descriptor {
  DescriptorKind kind;
  // A regular file: its record. Else the epoll instance (IoObject::serial) in whose set this number
  // is for certain. 0: not known.
  std::uint8_t detail_bytes[3] = {};
  ObjectId object;

  constexpr Descriptor(DescriptorKind of = DescriptorKind::unknown, ObjectId behind = kNoObject)
      : kind(of), object(behind) {}

  std::uint32_t detail() const {
    return static_cast<std::uint32_t>(detail_bytes[0] | detail_bytes[1] << 8 |
                                      detail_bytes[2] << 16);
  }
  void set_detail(std::uint32_t value) {
    for (unsigned i = 0; i < 3; ++i) {
      detail_bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
  }
};
constexpr std::uint32_t kDetailMax = (1 << 24) - 1;
static_assert(sizeof(Descriptor) == 8);

/// A socket address of the internet families, as the world keeps it.
struct InetName {
  std::uint8_t address[16] = {};  // IPv4 in the first four bytes
  std::uint16_t port = 0;         // host order; 0: none yet
  bool known = false;
};

struct Watcher {  // an epoll instance that has the object in its set, and how often
  ObjectId epoll = kNoObject;
  std::uint32_t count = 0;
};
constexpr unsigned kWatchersMax = 4;

/// What is behind descriptors of one kind; fields that only one kind uses say so.
struct IoObject {
  DescriptorKind kind = DescriptorKind::unknown;
  bool external = false;              // came from outside of the run
  bool exact = false;                 // everything that can make it ready is known to the world
  bool watched_by_many = false;       // more epolls watch it than `watchers` holds
  bool patience_spent = false;        // external: it was waited for in vain, and nothing came since
  bool refuses_nowait = false;        // RWF_NOWAIT is not known to this kind of file
  bool pinned = false;                // may be in flight between processes: lives for ever
  bool was_shared = false;            // there was more than one descriptor of it
  std::uint8_t family = 0, type = 0;  // socket: AF_*, SOCK_* as the target asked for them
  std::uint32_t references = 0;
  ObjectId next = kNoObject;  // in its hash bucket, or in the free list
  std::uint64_t identity[2] = {};
  Watcher watchers[kWatchersMax];
  ObjectId peer = kNoObject;  // the other end of a connection
  // A listening socket's connections that nobody accepted yet, in order.
  ObjectId first_pending = kNoObject, last_pending = kNoObject, next_pending = kNoObject;
  std::uint64_t bound = 0;  // socket: digest of the name it is bound to; 0: none
  // timerfd: OwnedTimer; signalfd: mask; pidfd: pid; epoll: watchers that refer to it
  std::uint64_t value = 0;
  std::uint64_t shown = 0;  // timerfd, signalfd: what the backing eventfd was last told
  std::int32_t owner = 0;   // F_SETOWN: pid, or -group
  std::int32_t owner_signal = 0;
  std::int32_t async_fd = 0;
  std::uint8_t async_events = 0;  // O_ASYNC: of which the owner is signalled
  bool owner_is_task = false;
  std::uint32_t readers_so_far = 0, writers_so_far = 0;  // FIFO: openings
  bool v6only = false, reuse = false, closed_for_writing = false;
  std::uint32_t options = 0;  // inet: which boolean options of its protocol are set
  std::uint32_t serial = 0;   // epoll: which one of the run's; 0: made by a call that is not known
  InetName local, remote;     // inet
};

/// The object's record; `id` is not kNoObject.
IoObject& object_of(ObjectId id);

/// At the start of the root process, before its first call: what is open comes from outside.
void begin_descriptors();

/// What a number of the current process stands for; kind unknown when it is closed, or beyond
/// kDescriptorsMax.
Descriptor look_up(int fd);

/// Whether no task but the current one has what the number stands for. Only known of what has a
/// record; false when in doubt.
bool is_private(int fd);

/// The record of the regular file that a descriptor stands for; nullptr: it is none.
Inode* file_behind(Descriptor descriptor);

/// Notes a detail of an open descriptor.
void set_detail(int fd, std::uint32_t value);

/// Tells the table what a fresh descriptor is, when the caller knows better than fstat.
void set_descriptor(int fd, Descriptor descriptor);
/// An object for something that has an identity of its own (the world's, not the kernel's).
ObjectId make_object(DescriptorKind kind);
/// The object behind a pipe, FIFO or socket, made when it is new.
ObjectId object_by_inode(int fd, DescriptorKind kind);
/// One reference more or less; the last one frees the record.
void hold_object(ObjectId id);
void release_object(ObjectId id);

/// An epoll instance has the object in its set (once more), or has it no longer.
void watch_object(ObjectId id, ObjectId epoll);
void unwatch_object(ObjectId id, ObjectId epoll);

/// The number was closed (in the kernel too): forgets the entry, and wakes who could notice.
void forget_descriptor(int fd);
/// `to` is a duplicate of `from`.
void copy_descriptor(int from, int to);
/// One past the highest number that the current process's table knows of.
int descriptors_end();
/// The same of another process; 0 when it has ended.
int descriptors_end(const Process& process);
/// The entry of a number below descriptors_end().
Descriptor known_descriptor(int fd);

/// The process ended: its table is empty.
void forget_descriptors(Process& process);
/// fork: the child's table is a copy. With `shared` (CLONE_FILES) both use one.
void inherit_descriptors(const Process& parent, Process& child, bool shared);
/// The current process gets a table of its own (CLOSE_RANGE_UNSHARE).
void unshare_descriptors();
/// execve succeeded: descriptors with FD_CLOEXEC are gone.
void close_on_exec(Process& process);

/// The process a pidfd stands for; nullptr when it is none, or of a process outside.
Process* process_behind_pidfd(int fd);

/// Whether the open file has O_NONBLOCK.
bool is_nonblocking(int fd);

/// Makes a call on a descriptor non-blocking for the time of a scope. Nobody else runs meanwhile.
class WithoutBlocking {
 public:
  explicit WithoutBlocking(int fd);
  ~WithoutBlocking();
  WithoutBlocking(const WithoutBlocking&) = delete;
  WithoutBlocking& operator=(const WithoutBlocking&) = delete;
  /// Whether it was non-blocking anyway: then EAGAIN is the answer.
  bool was_nonblocking() const { return changed_flags_ < 0; }

 private:
  int fd_;
  long changed_flags_;  // what to put back; -1: nothing
};

}  // namespace detsim
