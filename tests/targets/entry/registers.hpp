// One call with every register known before and looked at after: general registers, flags, the red
// zone below the stack pointer, and every component that XSAVE knows of on this machine.
#pragma once

#include <cpuid.h>
#include <sys/mman.h>

#include <cstdint>

#include "expect.hpp"

constexpr size_t kAreaBytes = 16 << 10;

// Shared with the code below, by offset.
struct Registers {
  std::uint64_t before[16];  // rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14
  std::uint64_t after[16];
  std::uint64_t flags_before, flags_after;
  unsigned char *vectors_before, *vectors_after, *vectors_clean;
  std::uint64_t mask_low, mask_high, unused;
  std::uint64_t red_zone_before[16], red_zone_after[16];
  std::uint64_t rsp_before, rsp_after;
};
static_assert(sizeof(Registers) == 74 * 8);

// clang-format off
#define REGISTERS_LOAD                                                              \
  "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"         \
  "mov %rdi, %r15\n"                                                                \
  "mov 34*8(%r15), %rdi\n mov 37*8(%r15), %eax\n mov 38*8(%r15), %edx\n"            \
  "xrstor64 (%rdi)\n"                                                               \
  "mov %rsp, 72*8(%r15)\n"                                                          \
  "pushq 32*8(%r15)\n popfq\n"                                                      \
  ".set i, 0\n .rept 16\n"                                                          \
  "mov 40*8+8*i(%r15), %rax\n mov %rax, -128+8*i(%rsp)\n .set i, i+1\n .endr\n"     \
  "mov 1*8(%r15), %rbx\n mov 2*8(%r15), %rcx\n mov 3*8(%r15), %rdx\n"               \
  "mov 4*8(%r15), %rsi\n mov 5*8(%r15), %rdi\n mov 6*8(%r15), %rbp\n"               \
  "mov 7*8(%r15), %r8\n mov 8*8(%r15), %r9\n mov 9*8(%r15), %r10\n"                 \
  "mov 10*8(%r15), %r11\n mov 11*8(%r15), %r12\n mov 12*8(%r15), %r13\n"            \
  "mov 13*8(%r15), %r14\n"

#define REGISTERS_STORE                                                             \
  "mov %rax, 16*8(%r15)\n mov %rbx, 17*8(%r15)\n mov %rcx, 18*8(%r15)\n"            \
  "mov %rdx, 19*8(%r15)\n mov %rsi, 20*8(%r15)\n mov %rdi, 21*8(%r15)\n"            \
  "mov %rbp, 22*8(%r15)\n mov %r8, 23*8(%r15)\n mov %r9, 24*8(%r15)\n"              \
  "mov %r10, 25*8(%r15)\n mov %r11, 26*8(%r15)\n mov %r12, 27*8(%r15)\n"            \
  "mov %r13, 28*8(%r15)\n mov %r14, 29*8(%r15)\n"                                   \
  "mov %rsp, 73*8(%r15)\n"                                                          \
  ".set i, 0\n .rept 16\n"                                                          \
  "mov -128+8*i(%rsp), %rax\n mov %rax, 56*8+8*i(%r15)\n .set i, i+1\n .endr\n"     \
  "pushfq\n popq 33*8(%r15)\n cld\n"                                                \
  "mov 35*8(%r15), %rdi\n mov 37*8(%r15), %eax\n mov 38*8(%r15), %edx\n"            \
  "xsave64 (%rdi)\n"                                                                \
  "mov 36*8(%r15), %rdi\n xrstor64 (%rdi)\n"                                        \
  "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"               \
  "ret\n"

// A function NAME(Registers*), whose syscall ends at NAME_after; CALL is the way to it.
#define REGISTERS_FUNCTION(name, call)                                              \
  extern "C" void name(Registers *);                                                \
  extern "C" char name##_after[], name##_end[];                                     \
  asm(".text\n .globl " #name ", " #name "_after, " #name "_end\n"                  \
      ".type " #name ", @function\n .balign 16\n" #name ":\n .cfi_startproc\n"      \
      REGISTERS_LOAD call "\n" #name "_after:\n mov %rax, %rax\n"                   \
      REGISTERS_STORE ".cfi_endproc\n" #name "_end:\n .size " #name ", .-" #name "\n");
// clang-format on

struct Random {
  std::uint64_t state;
  std::uint64_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1dULL;
  }
};

struct Component {
  unsigned number, offset, bytes;
};

// A thread's own registers and areas.
class RegisterCheck {
 public:
  explicit RegisterCheck(std::uint64_t seed) : random_{seed * 0x9e3779b97f4a7c15ULL + 1} {
    auto* memory = static_cast<unsigned char*>(
        mmap(nullptr, 3 * kAreaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT(memory != MAP_FAILED);
    r.vectors_before = memory;
    r.vectors_after = memory + kAreaBytes;
    r.vectors_clean = memory + 2 * kAreaBytes;
    std::uint32_t low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    const std::uint64_t tiles = 3ull << 17;
    mask_ = (low | static_cast<std::uint64_t>(high) << 32) & ~tiles;
    r.mask_low = mask_ & 0xffffffff;
    r.mask_high = mask_ >> 32;
    asm volatile("xsave64 (%0)"
                 :
                 : "r"(r.vectors_clean), "a"(r.mask_low), "d"(r.mask_high)
                 : "memory");
    for (unsigned number = 2; number < 63; ++number) {
      if ((mask_ >> number & 1) == 0) continue;
      unsigned a, b, c, d;
      __cpuid_count(0xd, number, a, b, c, d);
      components_[count_++] = {number, b, a};
    }
  }
  ~RegisterCheck() { munmap(r.vectors_before, 3 * kAreaBytes); }
  RegisterCheck(const RegisterCheck&) = delete;
  RegisterCheck& operator=(const RegisterCheck&) = delete;

  Registers r = {};

  // Fills everything but the call's number and arguments.
  void fill(long number, const long (&arguments)[6]) {
    for (auto& value : r.before) value = random_.next();
    constexpr int places[6] = {5, 4, 3, 9, 7, 8};  // rdi rsi rdx r10 r8 r9
    for (int i = 0; i < 6; ++i) r.before[places[i]] = static_cast<std::uint64_t>(arguments[i]);
    r.before[0] = static_cast<std::uint64_t>(number);
    constexpr std::uint64_t changeable = 0x200cd5;  // ID, OF, DF, SF, ZF, AF, PF, CF
    r.flags_before = (random_.next() & changeable) | 0x202;
    for (auto& value : r.red_zone_before) value = random_.next();
    fill_vectors();
  }

  // What the call may change: rax, rcx (where it came back to) and r11 (the flags).
  void expect_same(const char* after, const char* door) const {
    const long number = static_cast<long>(r.before[0]);
    for (int i = 1; i < 14; ++i) {
      if (i == 2 || i == 10) continue;
      if (r.after[i] != r.before[i]) differs(door, number, "register", i);
    }
    if (after != nullptr && r.after[2] != reinterpret_cast<std::uint64_t>(after)) {
      differs(door, number, "rcx", 0);
    }
    if ((r.flags_after ^ r.flags_before) & 0x200cd5) differs(door, number, "flags", 0);
    if (after != nullptr && ((r.after[10] ^ r.flags_before) & 0x200cd5) != 0) {
      differs(door, number, "r11", 0);
    }
    if (r.rsp_before != r.rsp_after) differs(door, number, "rsp", 0);
    for (int i = 0; i < 16; ++i) {
      if (r.red_zone_before[i] != r.red_zone_after[i]) differs(door, number, "red zone", i);
    }
    expect_same_vectors(door, number);
  }

 private:
  // Any bits are good in a vector or mask register; control words and tags must be lawful.
  void fill_vectors() {
    unsigned char* area = r.vectors_before;
    memset(area, 0, kAreaBytes);
    const std::uint16_t x87_control = static_cast<std::uint16_t>(0x07f | (random_.next() & 0xf00));
    memcpy(area, &x87_control, 2);
    area[4] = static_cast<unsigned char>(random_.next());  // which of st0-7 are in use
    const std::uint32_t control = 0x1f80 | (random_.next() & 0xe07f);
    memcpy(area + 24, &control, 4);
    for (int i = 0; i < 8; ++i) {
      const std::uint64_t value[2] = {random_.next() | 1ull << 63, 0x3fff + (random_.next() & 63)};
      memcpy(area + 32 + 16 * i, value, 10);
    }
    for (int i = 0; i < 16 * 16; ++i) area[160 + i] = byte();
    // Most components in use, some not: both must be kept.
    std::uint64_t in_use = 3;
    for (unsigned i = 0; i < count_; ++i) {
      const auto& component = components_[i];
      if (component.number == 9) {  // protection keys: those of no page of ours
        const std::uint32_t keys = 0x55555554 ^ (random_.next() & 0xffff0000);
        memcpy(area + component.offset, &keys, 4);
      } else {
        if (random_.next() % 4 == 0) continue;
        for (unsigned b = 0; b < component.bytes; ++b) area[component.offset + b] = byte();
      }
      in_use |= 1ull << component.number;
    }
    memcpy(area + 512, &in_use, 8);
  }

  void expect_same_vectors(const char* door, long number) const {
    const unsigned char *before = r.vectors_before, *after = r.vectors_after;
    // Control and tag words; where the last instruction was is nobody's promise.
    if (memcmp(before, after, 5) != 0) differs(door, number, "x87 control", before[0] ^ after[0]);
    if (memcmp(before + 24, after + 24, 4) != 0) differs(door, number, "mxcsr", 0);
    for (int i = 0; i < 8; ++i) {
      if (memcmp(before + 32 + 16 * i, after + 32 + 16 * i, 10) != 0) {
        differs(door, number, "x87 register", i);
      }
    }
    if (memcmp(before + 160, after + 160, 256) != 0) differs(door, number, "xmm", 0);
    std::uint64_t in_use;
    memcpy(&in_use, after + 512, 8);
    for (unsigned i = 0; i < count_; ++i) {
      const auto& component = components_[i];
      for (unsigned b = 0; b < component.bytes; ++b) {
        const bool shown = (in_use >> component.number & 1) != 0;
        const unsigned char got = shown ? after[component.offset + b] : 0;
        if (got != before[component.offset + b]) {
          differs(door, number, "component", static_cast<int>(component.number));
        }
      }
    }
  }

  [[noreturn]] static void differs(const char* door, long number, const char* what, int which) {
    char words[160];  // stderr would need 8 KiB of the stack
    const int length = snprintf(words, sizeof words, "call %ld by %s: %s %d has changed\n", number,
                                door, what, which);
    _exit(write(2, words, static_cast<size_t>(length)) > 0 ? 1 : 2);
  }
  unsigned char byte() { return static_cast<unsigned char>(random_.next() >> 32); }

  Random random_;
  std::uint64_t mask_ = 0;
  Component components_[63] = {};
  unsigned count_ = 0;
};
