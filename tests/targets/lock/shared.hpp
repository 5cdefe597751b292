// Exclusion between processes: children of fork and their threads share one mapping.
#pragma once

#include <sys/mman.h>

#include "lock/counted.hpp"

template <class T>
T* shared_object() {
  void* memory =
      mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT(memory != MAP_FAILED);
  return new (memory) T();
}

constexpr int shared_children = 3, shared_rounds = 40;

// The body takes (child index, round) and does its step on shared memory.
template <class Body>
void in_children(Body body) {
  pid_t pids[shared_children];
  for (int i = 0; i < shared_children; ++i) {
    pids[i] = start_child([&] {
      for (int round = 0; round < shared_rounds; ++round) body(i, round);
    });
  }
  for (pid_t pid : pids) EXPECT_CHILD_OK(pid);
}
