// The tables: one entry per process and number.
#include "interpose/calls/descriptors.hpp"

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/fcntl.h>
#include <sys/stat.h>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/descriptors_classify.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/file_locks.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/entry/switch.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

bool in_table(int fd) { return static_cast<std::uint32_t>(fd) < kDescriptorsMax; }

bool is_backed(DescriptorKind kind) {
  return kind == DescriptorKind::timerfd || kind == DescriptorKind::signalfd;
}

std::uint32_t allocate_table() {
  auto& state = descriptor_state();
  std::uint32_t table = 0;
  while (table < state.tables_used && state.tables[table].users != 0) ++table;
  DETSIM_INVARIANT(table < kProcessesMax);
  if (table == state.tables_used) ++state.tables_used;
  state.tables[table] = {};
  state.tables[table].users = 1;
  return table;
}

// Takes over the reference that `descriptor` brings along.
void put_entry(std::uint32_t table_number, int fd, Descriptor descriptor) {
  DescriptorTable& table = descriptor_state().tables[table_number];
  entries_of(table_number)[fd] = descriptor;
  ++descriptor_state().entries_put;
  if (table.end <= static_cast<std::uint32_t>(fd)) table.end = static_cast<std::uint32_t>(fd) + 1;
  if (!is_backed(descriptor.kind)) return;
  for (std::uint32_t i = 0; i < table.backed_count && i < kBackedMax; ++i) {
    if (table.backed[i] == fd) return;
  }
  if (table.backed_count < kBackedMax) table.backed[table.backed_count] = fd;
  ++table.backed_count;
}

void copy_table(std::uint32_t from, std::uint32_t to) {
  auto& state = descriptor_state();
  state.tables[to] = state.tables[from];
  state.tables[to].users = 1;
  const Descriptor* entries = entries_of(from);
  memcpy(entries_of(to), entries, state.tables[from].end * sizeof(Descriptor));
  for (std::uint32_t fd = 0; fd < state.tables[from].end; ++fd) hold_object(entries[fd].object);
}

void unshare(Process& process) {
  auto& state = descriptor_state();
  auto& number = state.table_of[process.index];
  if (state.tables[number - 1].users == 1) return;
  const auto shared = number - 1;
  number = allocate_table() + 1;
  copy_table(shared, number - 1);
  --state.tables[shared].users;
}

// Whoever waits for the object, or for its other end, may notice that this descriptor is gone.
void closed(Descriptor descriptor) {
  if (descriptor.object == kNoObject) return;
  io_happened(descriptor.object);
  const ObjectId peer = object_of(descriptor.object).peer;
  if (peer != kNoObject) io_happened(peer);
  release_object(descriptor.object);
}

void empty_table(std::uint32_t table_number) {
  DescriptorTable& table = descriptor_state().tables[table_number];
  Descriptor* entries = entries_of(table_number);
  for (std::uint32_t fd = 0; fd < table.end; ++fd) {
    const Descriptor descriptor = entries[fd];
    entries[fd] = {};
    closed(descriptor);
  }
  table.end = table.backed_count = 0;
}

}  // namespace

void begin_descriptors() {
  descriptor_state().table_of[current_process().index] = allocate_table() + 1;
  look_at_inherited();
}

std::uint32_t current_table() {
  const auto number = descriptor_state().table_of[current_process().index];
  DETSIM_INVARIANT(number != 0);
  return number - 1;
}

Descriptor look_up(int fd) {
  if (!in_table(fd)) return {};
  const Descriptor known = entries_of(current_table())[fd];
  if (known.kind != DescriptorKind::unknown) return known;
  const Descriptor found = classify(fd);
  hold_object(found.object);
  if (found.kind != DescriptorKind::unknown) put_entry(current_table(), fd, found);
  return found;
}

bool is_private(int fd) {
  if (current_process().task_count != 1) return false;
  if (descriptor_state().tables[current_table()].users != 1) return false;
  const Descriptor descriptor = look_up(fd);
  if (descriptor.object == kNoObject) return false;
  const IoObject& object = object_of(descriptor.object);
  return !is_shared(object) && !is_watched(object) && !object.pinned && !object.external;
}

void set_detail(int fd, std::uint32_t value) {
  if (in_table(fd)) entries_of(current_table())[fd].set_detail(value);
}

void set_descriptor(int fd, Descriptor descriptor) {
  if (!in_table(fd)) return;
  const auto table = current_table();
  hold_object(descriptor.object);
  const Descriptor before = entries_of(table)[fd];
  put_entry(table, fd, descriptor);
  release_object(before.object);
}

void forget_descriptor(int fd) {
  locks_may_be_free();
  if (!in_table(fd)) return;
  Descriptor& entry = entries_of(current_table())[fd];
  const Descriptor before = entry;
  entry = {};
  closed(before);
}

void copy_descriptor(int from, int to) {
  Descriptor descriptor = look_up(from);
  // An epoll instance knows descriptors by their numbers.
  if (descriptor.kind != DescriptorKind::regular) descriptor.set_detail(0);
  set_descriptor(to, descriptor);
}

int descriptors_end() { return static_cast<int>(descriptor_state().tables[current_table()].end); }

int descriptors_end(const Process& process) {
  const auto& state = descriptor_state();
  const auto number = state.table_of[process.index];
  return number != 0 ? static_cast<int>(state.tables[number - 1].end) : 0;
}

Descriptor known_descriptor(int fd) { return entries_of(current_table())[fd]; }

void forget_descriptors(Process& process) {
  auto& state = descriptor_state();
  auto& number = state.table_of[process.index];
  locks_may_be_free();
  if (number == 0) return;
  const auto table = number - 1;
  number = 0;
  if (--state.tables[table].users == 0) empty_table(table);
}

void inherit_descriptors(const Process& parent, Process& child, bool shared) {
  auto& state = descriptor_state();
  const auto from = current_table();  // the parent's: only the current process forks
  DETSIM_INVARIANT(&parent == &current_process() && state.table_of[child.index] == 0);
  if (shared) {
    state.table_of[child.index] = from + 1;
    ++state.tables[from].users;
    return;
  }
  const auto to = allocate_table();
  state.table_of[child.index] = to + 1;
  copy_table(from, to);
}

void unshare_descriptors() {
  current_table();
  unshare(current_process());
}

// In the new image: what the kernel has closed is known by asking for it.
void close_on_exec(Process& process) {
  auto& state = descriptor_state();
  auto& number = state.table_of[process.index];
  if (number == 0) return;
  unshare(process);  // as execve does
  Descriptor* entries = entries_of(number - 1);
  const auto end = state.tables[number - 1].end;
  locks_may_be_free();
  for (std::uint32_t fd = 0; fd < end; ++fd) {
    if (entries[fd].kind == DescriptorKind::unknown) continue;
    if (raw(__NR_fcntl, fd, F_GETFD) >= 0) continue;
    const Descriptor before = entries[fd];
    entries[fd] = {};
    closed(before);
  }
}

bool is_nonblocking(int fd) {
  const long flags = raw(__NR_fcntl, fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

WithoutBlocking::WithoutBlocking(int fd) : fd_(fd), changed_flags_(-1) {
  const long flags = raw(__NR_fcntl, fd, F_GETFL);
  if (flags < 0 || (flags & O_NONBLOCK) != 0) return;
  if (raw(__NR_fcntl, fd, F_SETFL, flags | O_NONBLOCK) == 0) changed_flags_ = flags;
}

WithoutBlocking::~WithoutBlocking() {
  if (changed_flags_ >= 0) raw(__NR_fcntl, fd_, F_SETFL, changed_flags_);
}

}  // namespace detsim
