#include "interpose/entry/trap.hpp"

#include <asm-generic/errno.h>
#include <asm/prctl.h>
#include <elf.h>
#include <linux/audit.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <signal.h>
#include <ucontext.h>

#include <initializer_list>

#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/cpu.hpp"
#include "interpose/entry/instructions.hpp"
#include "interpose/entry/outside.hpp"
#include "interpose/entry/rewrite.hpp"
#include "interpose/entry/rewrite_stub.hpp"
#include "interpose/entry/spin.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/vdso.hpp"

extern "C" {
void detsim_sigreturn();
extern char detsim_user_copy_fault[], detsim_user_copy_end[];
extern char detsim_leave_tail[], detsim_leave_jump[], detsim_leave_end[];
extern const char __ehdr_start[] __attribute__((visibility("hidden")));  // by the linker
detsim::Frame detsim_fault_frame;
}

namespace detsim {
namespace {

constexpr int kBySeccomp = 1, kUserDispatch = 2;  // SYS_SECCOMP, SYS_USER_DISPATCH

SignalInfo fault;
FaultDetails details;
alignas(64) char signal_stack[64 << 10];
// Those of processes that share this memory, one for each shim stack.
constexpr std::uint64_t kSignalStacks = kPrivateAddress + (12ull << 30);

struct KernelStack {
  void* base;
  int flags;
  std::size_t bytes;
};

struct Range {
  std::uint64_t begin, end;
};
Range shim_text;

// The executable segment of this library, from its own program headers.
Range find_text() {
  const auto base = reinterpret_cast<std::uint64_t>(__ehdr_start);
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
  const auto* segment = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
  for (int i = 0; i < header->e_phnum; ++i, ++segment) {
    if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
      return {base + segment->p_vaddr, base + segment->p_vaddr + segment->p_memsz};
    }
  }
  fatal("libdetsim.so has no executable segment");
}

// int 0x80, the call of 32-bit programs: its numbers are others. Answered where it was asked, since
// its registers are not those of a syscall instruction.
bool refuse_foreign_call(const siginfo_t* info, greg_t* regs) {
  if (info->si_arch == AUDIT_ARCH_X86_64) return false;
  static bool said;
  if (!said) say("a 32-bit system call (int 0x80) was refused with ENOSYS: it is not modelled");
  said = true;
  regs[REG_RAX] = -ENOSYS;
  return true;
}

// Not a call of the target: only redirects to the hall, so that the call is carried out outside
// of signal context. This frame's return restores every register, vectors included.
void on_sigsys(int, siginfo_t* info, void* context) {
  if (is_searching()) stop_search(static_cast<ucontext_t*>(context));
  auto* regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto site = static_cast<std::uint64_t>(regs[REG_RIP]) - 2;
  if (info->si_code != kBySeccomp && info->si_code != kUserDispatch) return;  // from outside
  if (refuse_foreign_call(info, regs)) return;
  regs[REG_R11] = 0;
  if (info->si_code == kBySeccomp) {  // the vsyscall page: it has returned to its caller already
    regs[REG_RAX] = info->si_syscall;
  } else {
    consider_rewriting(site, static_cast<std::uint64_t>(regs[REG_RAX]));
    // As from a rewritten site, which this one may just have become.
    regs[REG_R11] = static_cast<greg_t>(resume_address(site + 2));
  }
  regs[REG_RCX] = regs[REG_RIP];
  regs[REG_RIP] = reinterpret_cast<greg_t>(&detsim_entry_site);
}

constexpr greg_t kTrapFlag = 0x100;
bool was_stepping;
bool is_leaving;  // the next step is the jump out of the shim

// The target single-steps itself (by popf) and made a call: the shim is one step to it. The flag
// is off inside and back on for the way out, whose last jump is not a step of the target either:
// the kernel's return to a stepping program also traps only after its first instruction.
void step_over_shim(greg_t* regs) {
  const auto rip = static_cast<std::uint64_t>(regs[REG_RIP]);
  if (in_leave_tail(rip)) {
    is_leaving = rip == reinterpret_cast<std::uint64_t>(detsim_leave_jump);
    return;
  }
  regs[REG_EFL] &= ~kTrapFlag;
  was_stepping = true;
}

// The steps that the target would not make without the shim: out of it, and in a stub.
bool is_own_step(std::uint64_t rip) {
  const bool left = is_leaving;
  is_leaving = false;
  return left || in_stub(rip);
}

void enter_by_fault(greg_t* regs) {
  detsim_fault_frame = frame_of_context(regs);
  regs[REG_RIP] = reinterpret_cast<greg_t>(&detsim_entry_fault);
  regs[REG_EFL] &= ~kTrapFlag;  // must not step through the shim
}

void on_fault(int number, siginfo_t* info, void* context) {
  auto* ucontext = static_cast<ucontext_t*>(context);
  auto* regs = ucontext->uc_mcontext.gregs;
  const auto rip = static_cast<std::uint64_t>(regs[REG_RIP]);
  const bool is_step = number == SIGTRAP && info->si_code == TRAP_TRACE;
  if (is_searching() && is_step) return search_step(ucontext);
  if (in_shim_text(rip) && !in_vdso_function(rip)) {
    if (is_step) return step_over_shim(regs);
    const auto copy = reinterpret_cast<std::uint64_t>(detsim_user_copy_fault);
    if (rip == copy) {
      regs[REG_RIP] = reinterpret_cast<greg_t>(detsim_user_copy_end);
      return;
    }
    Text<32> at;
    at.hexadecimal(rip - shim_text.begin);
    Text<32> address;
    address.hexadecimal(reinterpret_cast<std::uint64_t>(info->si_addr));
    fatal("a fault inside of the shim: signal ", number, " at text+", at.data(), ", address ",
          address.data());
  }
  if (is_step && is_own_step(rip)) return;
  if (is_searching()) stop_search(ucontext);
  if (answer_instruction(number, ucontext)) return;
  fault = {.number = number,
           .code = info->si_code,
           .value = reinterpret_cast<std::uint64_t>(info->si_addr)};
  details.error = static_cast<std::uint64_t>(regs[REG_ERR]);
  details.trap = static_cast<std::uint64_t>(regs[REG_TRAPNO]);
  details.address = static_cast<std::uint64_t>(regs[REG_CR2]);
  memcpy(details.info, info, sizeof details.info);
  enter_by_fault(regs);
}

}  // namespace

void enter_from_handler(greg_t* regs) {
  fault = {};
  enter_by_fault(regs);
}

// What comes from other processes waits until a handler is done: however many come, the alternate
// stack holds them.
constexpr std::uint64_t kSynchronous = bit_of(SIGSYS) | bit_of(SIGSEGV) | bit_of(SIGBUS) |
                                       bit_of(SIGILL) | bit_of(SIGFPE) | bit_of(SIGTRAP);

void handle_in_kernel(int number, void (*handler)(int, siginfo_t*, void*)) {
  const KernelSigaction action{
      .handler = reinterpret_cast<std::uint64_t>(handler),
      .flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | 0x04000000 /* SA_RESTORER */,
      .restorer = reinterpret_cast<std::uint64_t>(&detsim_sigreturn),
      .mask = ~kSynchronous};
  raw(__NR_rt_sigaction, number, &action, nullptr, 8);
}

const SignalInfo& fault_info() { return fault; }

Frame frame_of_context(const greg_t* regs) {
  const auto reg = [regs](int name) { return static_cast<std::uint64_t>(regs[name]); };
  return {.r15 = reg(REG_R15),
          .r14 = reg(REG_R14),
          .r13 = reg(REG_R13),
          .r12 = reg(REG_R12),
          .rbp = reg(REG_RBP),
          .rbx = reg(REG_RBX),
          .r11 = reg(REG_R11),
          .r10 = reg(REG_R10),
          .r9 = reg(REG_R9),
          .r8 = reg(REG_R8),
          .rax = reg(REG_RAX),
          .rcx = reg(REG_RCX),
          .rdx = reg(REG_RDX),
          .rsi = reg(REG_RSI),
          .rdi = reg(REG_RDI),
          .number = 0,
          .rip = reg(REG_RIP),
          .flags = reg(REG_EFL),
          .rsp = reg(REG_RSP),
          .resume = 0};
}

bool in_leave_tail(std::uint64_t address) {
  return address >= reinterpret_cast<std::uint64_t>(detsim_leave_tail) &&
         address < reinterpret_cast<std::uint64_t>(detsim_leave_end);
}

void resume_stepping(Frame& f) {
  if (!was_stepping) return;
  was_stepping = false;
  f.flags |= kTrapFlag;
}

const FaultDetails& fault_details() { return details; }

bool in_shim_text(std::uint64_t address) {
  return address >= shim_text.begin && address < shim_text.end;
}

bool is_target_text(std::uint64_t address) {
  const bool is_ours = address >= kWorldAddress && address < kPrivateAddress + (64ull << 30);
  return !in_shim_text(address) && !is_ours;
}

void install_traps() {
  shim_text = find_text();
  handle_in_kernel(SIGSYS, on_sigsys);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP})
    handle_in_kernel(number, on_fault);
  handle_in_kernel(kNudgeSignal, on_nudge);
  handle_outside_signals();
  // The kernel's own SIGPIPE and the like are modelled (signals.cpp).
  const KernelSigaction ignore{.handler = 1};
  for (const int number : {SIGPIPE, SIGXFSZ}) raw(__NR_rt_sigaction, number, &ignore, nullptr, 8);
}

namespace {

void arm_dispatch_with(void* stack_begin) {
  const KernelStack stack{stack_begin, 0, sizeof signal_stack};
  raw(__NR_sigaltstack, &stack, nullptr);
  const std::uint64_t nothing = 0;
  raw(__NR_rt_sigprocmask, SIG_SETMASK, &nothing, nullptr, 8);
  raw(__NR_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
  const long result = raw(__NR_prctl, 59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1 /* ON */,
                          shim_text.begin, shim_text.end - shim_text.begin, 0);
  if (result != 0) fatal("this kernel offers no syscall user dispatch; see `detsim doctor`");
}

char* signal_stack_of(std::uint64_t shim_stack) {
  const auto index = (shim_stack - kPrivateAddress) / kStackBytes;
  return reinterpret_cast<char*>(kSignalStacks + index * sizeof signal_stack);
}

}  // namespace

void arm_dispatch() { arm_dispatch_with(signal_stack); }

void arm_dispatch(std::uint64_t shim_stack) { arm_dispatch_with(signal_stack_of(shim_stack)); }

bool map_signal_stack(std::uint64_t shim_stack) {
  return raw(__NR_mmap, signal_stack_of(shim_stack), sizeof signal_stack, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1) > 0;
}

}  // namespace detsim
