// System V message queues, after ipc/msg.c: a message goes straight to the first waiting receiver
// that takes its type; senders that found no room try again, in turn.
#include "interpose/base/user.hpp"
#include "interpose/calls/call.hpp"
#include "interpose/calls/ipc_state.hpp"

namespace detsim {
namespace {

constexpr int kVersionBit = 0x100;
constexpr int kNoError = 010000, kExcept = 020000, kCopy = 040000;  // MSG_*

std::uint32_t index_of(const MessageQueue& queue) {
  return static_cast<std::uint32_t>(&queue - ipc_state().queues.objects);
}
WaitKey receivers_of(const MessageQueue& queue) { return {kMessageSpace, index_of(queue)}; }
WaitKey senders_of(const MessageQueue& queue) { return {kRoomSpace, index_of(queue)}; }

Message& message_at(std::uint32_t link) { return ipc_state().messages[link - 1]; }

// -- storage: a message is a chain of blocks

std::uint32_t take_block() {
  auto& state = ipc_state();
  if (state.block_free == 0) {
    return state.blocks_used == kBlocksMax ? 0 : ++state.blocks_used;
  }
  const auto block = state.block_free;
  state.block_free = state.next_block[block - 1];
  return block;
}

void free_message(std::uint32_t link) {
  auto& state = ipc_state();
  Message& message = message_at(link);
  for (auto block = message.first_block; block != 0;) {
    const auto next = state.next_block[block - 1];
    state.next_block[block - 1] = state.block_free;
    state.block_free = block;
    block = next;
  }
  message = {};
  message.next = state.message_free;
  state.message_free = link;
}

// A message with the target's bytes. Returns its link, or an error.
long load_message(std::int64_t type, const unsigned char* from, std::uint32_t bytes) {
  auto& state = ipc_state();
  auto link = state.message_free;
  if (link != 0) {
    state.message_free = message_at(link).next;
  } else if (state.messages_used == kMessagesMax) {
    return -ENOMEM;
  } else {
    link = ++state.messages_used;
  }
  Message& message = message_at(link);
  message = {0, 0, bytes, type};
  auto* end = &message.first_block;
  for (std::uint32_t done = 0; done < bytes; done += kBlockBytes) {
    const auto count = bytes - done < kBlockBytes ? bytes - done : kBlockBytes;
    const auto block = take_block();
    *end = block;
    const bool copied = block != 0 && copy_from_user(state.blocks[block - 1], from + done, count);
    if (block != 0) state.next_block[block - 1] = 0;
    if (!copied) {
      free_message(link);
      return block == 0 ? -ENOMEM : -EFAULT;
    }
    end = &state.next_block[block - 1];
  }
  return link;
}

bool store_message(const Message& message, unsigned char* to, std::uint64_t limit) {
  auto& state = ipc_state();
  const auto bytes = message.bytes < limit ? message.bytes : static_cast<std::uint32_t>(limit);
  auto block = message.first_block;
  for (std::uint32_t done = 0; done < bytes; done += kBlockBytes) {
    const auto count = bytes - done < kBlockBytes ? bytes - done : kBlockBytes;
    if (!copy_to_user(to + done, state.blocks[block - 1], count)) return false;
    block = state.next_block[block - 1];
  }
  return true;
}

// -- the queue

bool has_room(const MessageQueue& queue, std::uint64_t bytes) {
  return bytes + queue.bytes <= queue.bytes_max && queue.count + 1 <= queue.bytes_max;
}

bool is_wanted(const Message& message, std::int64_t type, int flags) {
  if (type == 0) return true;
  if (type < 0) return message.type <= -type;
  return (message.type == type) != ((flags & kExcept) != 0);
}

// The message a receiver gets: the first that matches, or for a negative type the lowest one.
std::uint32_t* find_message(MessageQueue& queue, std::int64_t type, int flags) {
  std::uint32_t* found = nullptr;
  for (auto* link = &queue.first; *link != 0; link = &message_at(*link).next) {
    const Message& message = message_at(*link);
    if (!is_wanted(message, type, flags)) continue;
    if (type >= 0) return link;
    if (found == nullptr || message.type < message_at(*found).type) found = link;
  }
  return found;
}

std::uint32_t unlink_message(MessageQueue& queue, std::uint32_t* link) {
  const auto taken = *link;
  *link = message_at(taken).next;
  if (queue.last == taken) {
    queue.last = 0;
    for (auto at = queue.first; at != 0; at = message_at(at).next) queue.last = at;
  }
  queue.bytes -= message_at(taken).bytes;
  --queue.count;
  message_at(taken).next = 0;
  return taken;
}

void append_message(MessageQueue& queue, std::uint32_t link) {
  if (queue.first == 0) {
    queue.first = link;
  } else {
    message_at(queue.last).next = link;
  }
  queue.last = link;
  queue.bytes += message_at(link).bytes;
  ++queue.count;
}

void received(MessageQueue& queue, const Process& receiver) {
  queue.last_receiver = receiver.pid;
  queue.received_s = wall_seconds();
}

// Whether a waiting receiver took the message. One for whom it is too long is told so.
bool hand_over(MessageQueue& queue, std::uint32_t link) {
  bool taken = false;
  const Message& message = message_at(link);
  ipc_for_waiters(receivers_of(queue), [&](Task& task, IpcWait& wait) {
    if (!is_wanted(message, wait.type, wait.flags)) return true;
    if (wait.bytes < message.bytes && (wait.flags & kNoError) == 0) {
      ipc_finish(task, -E2BIG);
      return true;
    }
    wait.message = link;
    received(queue, process_of(task));
    ipc_finish(task, 0);
    taken = true;
    return false;
  });
  return taken;
}

void wake_all(WaitKey key, long result) {
  ipc_for_waiters(key, [result](Task& task, IpcWait&) {
    ipc_finish(task, result);
    return true;
  });
}

long deliver(std::uint32_t link, void* to, std::uint64_t bytes) {
  const Message& message = message_at(link);
  const auto length = message.bytes < bytes ? message.bytes : bytes;
  const bool stored = put_user(message.type, to) &&
                      store_message(message, static_cast<unsigned char*>(to) + 8, bytes);
  free_message(link);
  return stored ? static_cast<long>(length) : -EFAULT;
}

long remove(MessageQueue& queue) {
  queue.header.used = false;
  while (queue.first != 0) free_message(unlink_message(queue, &queue.first));
  wake_all(receivers_of(queue), -EIDRM);
  wake_all(senders_of(queue), -EIDRM);
  return 0;
}

long describe(int id, int command, void* to) {
  auto& table = ipc_state().queues;
  const MessageQueue* queue = ipc_find(table, id, command != IPC_STAT);
  if (queue == nullptr) return -EINVAL;
  if (command != MSG_STAT_ANY && !ipc_permits(queue->header, 0444)) return -EACCES;
  msqid64_ds description = {};
  ipc_describe(queue->header, description.msg_perm);
  description.msg_stime = queue->sent_s;
  description.msg_rtime = queue->received_s;
  description.msg_ctime = queue->header.changed_s;
  description.msg_cbytes = queue->bytes;
  description.msg_qnum = queue->count;
  description.msg_qbytes = queue->bytes_max;
  description.msg_lspid = queue->last_sender;
  description.msg_lrpid = queue->last_receiver;
  if (!put_user(description, to)) return -EFAULT;
  return command == IPC_STAT ? 0 : ipc_id(table, *queue);
}

long tell_limits(int command, void* to) {
  auto& table = ipc_state().queues;
  msginfo info = {};
  info.msgmni = kIpcObjectsMax;
  info.msgmax = kMessageBytesMax;
  info.msgmnb = kQueueBytesMax;
  info.msgssz = 16;
  info.msgseg = 0xffff;
  info.msgmap = info.msgpool = info.msgtql = 0;
  for (std::uint32_t i = 0; command == MSG_INFO && i < table.used; ++i) {
    if (!table.objects[i].header.used) continue;
    ++info.msgpool;
    info.msgmap += static_cast<int>(table.objects[i].count);
    info.msgtql += static_cast<int>(table.objects[i].bytes);
  }
  return put_user(info, to) ? ipc_highest(table) : -EFAULT;
}

}  // namespace

namespace model {

long msgget(int key, int flags) {
  return ipc_get(
      ipc_state().queues, key, flags, [](const MessageQueue&) -> long { return 0; },
      [](MessageQueue& fresh) -> long {
        fresh.bytes_max = kQueueBytesMax;
        return 0;
      });
}

long msgsnd(int id, const void* from, std::size_t bytes, int flags) {
  std::int64_t type;
  if (!get_user(type, from)) return -EFAULT;
  if (bytes > kMessageBytesMax || id < 0 || type < 1) return -EINVAL;
  const auto* text = static_cast<const unsigned char*>(from) + 8;
  const long loaded = load_message(type, text, static_cast<std::uint32_t>(bytes));
  if (loaded < 0) return loaded;
  const auto link = static_cast<std::uint32_t>(loaded);
  MessageQueue* queue = ipc_find(ipc_state().queues, id);
  long error = queue == nullptr ? -EINVAL : ipc_permits(queue->header, 0222) ? 0 : -EACCES;
  IpcWait& wait = ipc_state().waits[current_task().id];
  while (error == 0 && !has_room(*queue, bytes)) {
    if ((flags & IPC_NOWAIT) != 0) {
      error = -EAGAIN;
      break;
    }
    wait.done = false;
    wait.result = 0;
    const Wake why = wait_for(WaitKind::ipc, senders_of(*queue), kNever, true);
    if (wait.done && wait.result != 0) {
      error = wait.result;
    } else if (why == Wake::interrupted) {
      error = kRestartNever;
    }
  }
  if (error != 0) {
    free_message(link);
    return error;
  }
  queue->last_sender = current_process().pid;
  queue->sent_s = wall_seconds();
  if (!hand_over(*queue, link)) append_message(*queue, link);
  return 0;
}

long msgrcv(int id, void* to, std::size_t bytes, std::int64_t type, int flags) {
  if (id < 0 || static_cast<std::int64_t>(bytes) < 0) return -EINVAL;
  if ((flags & kCopy) != 0) return -ENOSYS;  // as a kernel without checkpointing
  MessageQueue* queue = ipc_find(ipc_state().queues, id);
  if (queue == nullptr) return -EINVAL;
  if (!ipc_permits(queue->header, 0444)) return -EACCES;
  if (std::uint32_t* found = find_message(*queue, type, flags)) {
    if (message_at(*found).bytes > bytes && (flags & kNoError) == 0) return -E2BIG;
    const auto link = unlink_message(*queue, found);
    received(*queue, current_process());
    wake_all(senders_of(*queue), 0);
    return deliver(link, to, bytes);
  }
  if ((flags & IPC_NOWAIT) != 0) return -ENOMSG;
  IpcWait& wait = ipc_state().waits[current_task().id];
  wait.type = type;
  wait.bytes = bytes;
  wait.flags = flags;
  wait.message = 0;
  wait.done = false;
  for (;;) {
    const Wake why = wait_for(WaitKind::ipc, receivers_of(*queue), kNever, true);
    if (wait.done) return wait.result != 0 ? wait.result : deliver(wait.message, to, bytes);
    if (why == Wake::interrupted) return kRestartNever;
  }
}

long msgctl(int id, int command, void* buffer) {
  command &= ~kVersionBit;
  if (id < 0 || command < 0) return -EINVAL;
  switch (command) {
    case IPC_INFO:
    case MSG_INFO: return tell_limits(command, buffer);
    case IPC_STAT:
    case MSG_STAT:
    case MSG_STAT_ANY: return describe(id, command, buffer);
    case IPC_SET:
    case IPC_RMID: break;
    default: return -EINVAL;
  }
  msqid64_ds wanted;
  if (command == IPC_SET && !get_user(wanted, buffer)) return -EFAULT;
  MessageQueue* queue = ipc_find(ipc_state().queues, id);
  if (queue == nullptr) return -EINVAL;
  if (!ipc_owns(queue->header)) return -EPERM;
  if (command == IPC_RMID) return remove(*queue);
  ipc_change(queue->header, wanted.msg_perm);
  queue->bytes_max = wanted.msg_qbytes;
  wake_all(senders_of(*queue), 0);  // there may be more room now
  return 0;
}

}  // namespace model
}  // namespace detsim
