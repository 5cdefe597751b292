// What a task looks like from outside of the shim: the registers with which it entered. Lies on
// top of the task's own stack; entry.S builds it, restores from it, and shares these offsets.
#pragma once
#include <cstddef>
#include <cstdint>

namespace detsim {

struct Frame {
  std::uint64_t r15, r14, r13, r12, rbp, rbx;
  std::uint64_t r11, r10, r9, r8;
  std::uint64_t rax, rcx, rdx, rsi, rdi;
  std::uint64_t number;  // the call that was asked for; rax on entry
  std::uint64_t rip;     // where the target goes on: the original address, also at rewritten sites
  std::uint64_t flags;
  std::uint64_t rsp;
  std::uint64_t resume;  // not 0: jump there instead of rip (the tail of a rewritten site)
};
static_assert(sizeof(Frame) == 160 && offsetof(Frame, rip) == 128);

}  // namespace detsim
