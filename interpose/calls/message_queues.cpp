// POSIX message queues: the kernel's own, under names that are the run's: a prefix keeps them apart
// from the host's. A call is tried with a timeout that has passed, and waits in the world;
// notifications are the world's, since the kernel would signal the process and not the task.
#include <asm-generic/errno.h>
#include <signal.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::int64_t kPast[2] = {0, 0};
constexpr std::uint64_t kInReceive = 0x6d71;  // Task::wait_value of who waits for a message

struct Notification {  // struct sigevent, as far as it matters here
  std::uint64_t value;
  std::int32_t signal;
  std::int32_t notify;
};

/// A queue's name in the kernel's terms.
struct QueueName {
  Text<kQueueNameBytes> text;
  long error = 0;

  explicit QueueName(const char* from) {
    char name[kQueueNameBytes];
    text << "detsim." << world().config.launcher_pid << '.';
    const long length = copy_text_from_user(name, from, sizeof name);
    if (length < 0) error = length;
    if (length == 0) error = -ENOENT;
    if (error == 0 && text.size() + static_cast<std::size_t>(length) >= sizeof name) {
      error = -ENAMETOOLONG;
    }
    if (error == 0) text << name;
  }
};

// The place of a name in the world's list, or a free one; nullptr: the list is full.
char* place_of(const char* name) {
  QueueNames& list = world().queue_names;
  char* free_place = nullptr;
  for (std::uint32_t i = 0; i < list.used; ++i) {
    if (equal(list.names[i], name)) return list.names[i];
    if (list.names[i][0] == 0) free_place = list.names[i];
  }
  if (free_place == nullptr && list.used < kQueueNamesMax) free_place = list.names[list.used++];
  return free_place;
}

long deadline_of(const void* timeout, std::uint64_t& deadline_ns) {
  std::int64_t time[2];
  deadline_ns = kNever;
  if (timeout == nullptr) return 0;
  if (!get_user(time, timeout)) return -EFAULT;
  if (time[0] < 0 || time[1] < 0 || time[1] >= 1'000'000'000) return -EINVAL;
  deadline_ns = deadline_from(0, time[0], time[1], true);
  return 0;
}

template <typename Attempt>
long wait_for_queue(int fd, std::uint32_t events, const void* timeout, Attempt attempt) {
  std::uint64_t deadline_ns;
  if (const long error = deadline_of(timeout, deadline_ns)) return error;
  const Descriptor descriptor = look_up(fd);
  for (;;) {
    const long result = attempt();
    if (result == -EAGAIN) looked_in_vain(true);
    if (result != -ETIMEDOUT || deadline_ns <= world().scheduler.now_ns) return result;
    if (events == kReadable) current_task().wait_value = kInReceive;
    const bool go_on = wait_for_io(descriptor.object, events, deadline_ns);
    current_task().wait_value = 0;
    if (!go_on) return kRestartSys;
    if (!is_still(fd, descriptor)) return -EBADF;
  }
}

bool somebody_receives(ObjectId id) {
  const auto& scheduler = world().scheduler;
  for (TaskId task = 0; task < scheduler.tasks_used; ++task) {
    const Task& each = scheduler.tasks[task];
    if (each.state == TaskState::waiting && each.wait_value == kInReceive &&
        each.wait_key == WaitKey{kIoSpace, id}) {
      return true;
    }
  }
  return false;
}

bool is_empty(int fd) {
  std::int64_t attributes[8] = {};  // struct mq_attr: the fourth is the number of messages
  return raw(__NR_mq_getsetattr, fd, nullptr, attributes) == 0 && attributes[3] == 0;
}

// Once, when a message comes to an empty queue that nobody waits at.
void notify(IoObject& queue) {
  Process* process = find_process(queue.owner);
  const auto number = queue.owner_signal;
  queue.owner = 0;
  if (process == nullptr || process->state != ProcessState::live || number == 0) return;
  post(*process, {.number = number,
                  .code = SI_MESGQ,
                  .pid = current_process().pid,
                  .uid = real_uid(),
                  .value = queue.value});
}

}  // namespace

namespace model {

long mq_open(const char* name, int flags, unsigned mode, const void* attributes) {
  const QueueName wanted(name);
  if (wanted.error != 0) return wanted.error;
  char* place = place_of(wanted.text.data());
  if (place == nullptr) return -ENOSPC;
  const long fd = raw(__NR_mq_open, wanted.text.data(), flags, mode, attributes);
  if (fd < 0) return fd;
  copy_text(place, wanted.text.data(), kQueueNameBytes);
  const int number = static_cast<int>(fd);
  const ObjectId id = object_by_inode(number, DescriptorKind::message_queue);
  object_of(id).exact = true;
  set_descriptor(number, {DescriptorKind::message_queue, id});
  return fd;
}

long mq_unlink(const char* name) {
  const QueueName wanted(name);
  if (wanted.error != 0) return wanted.error;
  const long result = raw(__NR_mq_unlink, wanted.text.data());
  if (result != 0) return result;
  if (char* place = place_of(wanted.text.data())) place[0] = 0;
  return 0;
}

long mq_timedsend(int fd, const void* text, std::size_t bytes, unsigned priority,
                  const void* timeout) {
  const Descriptor descriptor = look_up(fd);
  bool was_empty = false;
  const long result = wait_for_queue(fd, kWritable, timeout, [&] {
    was_empty = is_empty(fd);
    return raw(__NR_mq_timedsend, fd, text, bytes, priority, kPast);
  });
  if (result != 0 || descriptor.object == kNoObject) return result;
  IoObject& queue = object_of(descriptor.object);
  if (queue.owner != 0 && was_empty && !somebody_receives(descriptor.object)) notify(queue);
  io_happened(descriptor.object, kReadable);
  return 0;
}

long mq_timedreceive(int fd, void* text, std::size_t bytes, void* priority, const void* timeout) {
  const Descriptor descriptor = look_up(fd);
  const long result = wait_for_queue(fd, kReadable, timeout, [&] {
    return raw(__NR_mq_timedreceive, fd, text, bytes, priority, kPast);
  });
  if (result >= 0 && descriptor.object != kNoObject) io_happened(descriptor.object, kWritable);
  return result;
}

long mq_notify(int fd, const void* event) {
  const Descriptor descriptor = look_up(fd);
  Notification wanted = {};
  if (event != nullptr) {
    if (!get_user(wanted, event)) return -EFAULT;
    if (wanted.notify != SIGEV_NONE && wanted.notify != SIGEV_SIGNAL) return -EINVAL;
    if (wanted.notify == SIGEV_SIGNAL && (wanted.signal < 1 || wanted.signal > 64)) return -EINVAL;
  }
  if (descriptor.kind != DescriptorKind::message_queue) return -EBADF;
  IoObject& queue = object_of(descriptor.object);
  const auto mine = current_process().pid;
  if (event == nullptr) {
    if (queue.owner == mine) queue.owner = 0;
    return 0;
  }
  const Process* owner = queue.owner == 0 ? nullptr : find_process(queue.owner);
  if (owner != nullptr && owner->state == ProcessState::live) return -EBUSY;
  queue.owner = mine;
  queue.owner_signal = wanted.notify == SIGEV_SIGNAL ? wanted.signal : 0;
  queue.value = wanted.value;
  return 0;
}

}  // namespace model
}  // namespace detsim
