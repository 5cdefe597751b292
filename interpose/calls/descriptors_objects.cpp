// The records of the objects behind descriptors: found by identity, counted by reference.
#include <sys/stat.h>

#include "interpose/base/raw.hpp"
#include "interpose/calls/descriptors_state.hpp"
#include "interpose/calls/idle.hpp"
#include "interpose/calls/timer_descriptors.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

ObjectId& bucket_of(std::uint64_t space, std::uint64_t number) {
  const auto hash = mix64(space * 0x9e3779b97f4a7c15u + number);
  return descriptor_state().buckets[hash % kObjectBuckets];
}

bool has_identity(const IoObject& object) { return (object.identity[0] | object.identity[1]) != 0; }

void unlink_identity(ObjectId id) {
  const IoObject& object = object_of(id);
  if (!has_identity(object)) return;
  ObjectId* link = &bucket_of(object.identity[0], object.identity[1]);
  while (*link != id) {
    DETSIM_INVARIANT(*link != kNoObject);
    link = &object_of(*link).next;
  }
  *link = object.next;
}

void stop_watching(Watcher& watcher) {
  const ObjectId epoll = watcher.epoll;
  watcher = {};
  --object_of(epoll).value;
  release_object(epoll);
}

void free_object(ObjectId id) {
  auto& state = descriptor_state();
  IoObject& object = object_of(id);
  unlink_identity(id);
  if (object.kind == DescriptorKind::timerfd) timer_descriptor_gone(object);
  if (object.peer != kNoObject) {
    object_of(object.peer).peer = kNoObject;
    object_of(object.peer).exact = true;  // nobody is left to do anything to it
  }
  for (Watcher& watcher : object.watchers) {
    if (watcher.epoll != kNoObject) stop_watching(watcher);
  }
  ObjectId pending = object.first_pending;
  object = {};
  object.next = state.object_free;
  state.object_free = id;
  while (pending != kNoObject) {  // connections that nobody will accept: they are reset
    const ObjectId next = object_of(pending).next_pending;
    object_of(pending).next_pending = kNoObject;
    io_happened(pending);
    release_object(pending);
    pending = next;
  }
}

}  // namespace

IoObject& object_of(ObjectId id) {
  DETSIM_INVARIANT(id != kNoObject && id < descriptor_state().objects_used);
  return descriptor_state().objects[id];
}

ObjectId make_object(DescriptorKind kind) {
  auto& state = descriptor_state();
  if (state.objects_used == 0) state.objects_used = 1;  // id 0 is kNoObject
  ObjectId id = state.object_free;
  if (id != kNoObject) {
    state.object_free = state.objects[id].next;
  } else {
    DETSIM_INVARIANT(state.objects_used < kObjectsMax);
    id = state.objects_used++;
  }
  state.objects[id] = {};
  state.objects[id].kind = kind;
  return id;
}

ObjectId find_object(std::uint64_t space, std::uint64_t number) {
  for (ObjectId id = bucket_of(space, number); id != kNoObject; id = object_of(id).next) {
    const IoObject& object = object_of(id);
    if (object.identity[0] == space && object.identity[1] == number) return id;
  }
  return kNoObject;
}

void rename_object(std::uint64_t space, std::uint64_t was, std::uint64_t is) {
  const ObjectId id = find_object(space, was);
  if (id == kNoObject) return;
  unlink_identity(id);
  IoObject& object = object_of(id);
  ObjectId& head = bucket_of(space, is);
  object.identity[1] = is;
  object.next = head;
  head = id;
}

ObjectId object_by_identity(DescriptorKind kind, std::uint64_t space, std::uint64_t number,
                            bool& is_new) {
  ObjectId id = find_object(space, number);
  is_new = id == kNoObject;
  if (!is_new) return id;
  id = make_object(kind);
  ObjectId& head = bucket_of(space, number);
  IoObject& object = object_of(id);
  object.identity[0] = space;
  object.identity[1] = number;
  object.next = head;
  head = id;
  return id;
}

ObjectId object_by_inode(int fd, DescriptorKind kind) {
  struct stat status;
  if (raw(__NR_fstat, fd, &status) != 0) return kNoObject;
  bool is_new;
  const ObjectId id = object_by_identity(kind, status.st_dev, status.st_ino, is_new);
  if (is_new) object_of(id).exact = kind == DescriptorKind::pipe;
  return id;
}

void hold_object(ObjectId id) {
  if (id == kNoObject) return;
  IoObject& object = object_of(id);
  ++object.references;
  if (is_shared(object)) object.was_shared = true;
}

bool is_watched(const IoObject& object) {
  if (object.watched_by_many) return true;
  for (const Watcher& watcher : object.watchers) {
    if (watcher.count != 0) return true;
  }
  return false;
}

// When all places are taken, an epoll that only its own watchers still refer to makes room.
void watch_object(ObjectId id, ObjectId epoll) {
  IoObject& object = object_of(id);
  Watcher* place = nullptr;
  for (Watcher& watcher : object.watchers) {
    if (watcher.epoll == epoll) {
      ++watcher.count;
      return;
    }
    const bool gone = watcher.epoll != kNoObject &&
                      object_of(watcher.epoll).references == object_of(watcher.epoll).value;
    if (gone) stop_watching(watcher);
    if (watcher.epoll == kNoObject) place = &watcher;
  }
  if (place == nullptr) {
    object.watched_by_many = true;
    return;
  }
  *place = {epoll, 1};
  ++object_of(epoll).value;
  hold_object(epoll);
}

void unwatch_object(ObjectId id, ObjectId epoll) {
  for (Watcher& watcher : object_of(id).watchers) {
    if (watcher.epoll != epoll) continue;
    if (--watcher.count == 0) stop_watching(watcher);
    return;
  }
}

void release_object(ObjectId id) {
  if (id == kNoObject) return;
  IoObject& object = object_of(id);
  DETSIM_INVARIANT(object.references > 0);
  if (--object.references == 0 && !object.pinned) free_object(id);
}

}  // namespace detsim
