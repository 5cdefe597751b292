// What a spinning task reads: aligned words of its memory, and which of their bytes.
#pragma once
#include <cstdint>

namespace detsim {

constexpr std::uint32_t kSpinWordsMax = 128;

struct SpinWord {
  std::uint64_t address = 0;  // a multiple of 8
  std::uint64_t mask = 0;     // 0xff in every byte that counts
  std::uint64_t value = 0;    // what it was when the task began to wait
};

struct SpinWords {
  std::uint32_t count = 0;
  std::uint64_t stack_begin = 0, stack_end = 0;  // the task's own, near its stack pointer
  SpinWord words[kSpinWordsMax];
};

/// What the launcher sends to a process that computes for long without a call. Ignored by
/// default, so a process between two images survives it; the target's own is modelled.
constexpr int kNudgeSignal = 23;  // SIGURG

}  // namespace detsim
