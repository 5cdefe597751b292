#include "interpose/entry/trap.hpp"

#include <asm/prctl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <ucontext.h>

#include "interpose/base/library.hpp"
#include "interpose/base/log.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/cpu.hpp"
#include "interpose/entry/instructions.hpp"
#include "interpose/entry/rewrite.hpp"
#include "interpose/entry/switch.hpp"

extern "C" {
void detsim_sigreturn();
extern char detsim_user_copy_fault[], detsim_user_copy_end[];
extern char __executable_start_of_shim[] __attribute__((visibility("hidden")));
extern char __etext_of_shim[] __attribute__((visibility("hidden")));
detsim::Frame detsim_fault_frame;
}

namespace detsim {
namespace {

SignalInfo fault;
alignas(64) char signal_stack[64 << 10];

struct KernelStack {
  void* base;
  int flags;
  std::size_t bytes;
};

std::uint64_t text_begin() { return reinterpret_cast<std::uint64_t>(__executable_start_of_shim); }
std::uint64_t text_end() { return reinterpret_cast<std::uint64_t>(__etext_of_shim); }

Frame frame_of(const greg_t* regs) {
  const auto reg = [regs](int name) { return static_cast<std::uint64_t>(regs[name]); };
  return {.r15 = reg(REG_R15), .r14 = reg(REG_R14), .r13 = reg(REG_R13), .r12 = reg(REG_R12),
          .rbp = reg(REG_RBP), .rbx = reg(REG_RBX), .r11 = reg(REG_R11), .r10 = reg(REG_R10),
          .r9 = reg(REG_R9), .r8 = reg(REG_R8), .rax = reg(REG_RAX), .rcx = reg(REG_RCX),
          .rdx = reg(REG_RDX), .rsi = reg(REG_RSI), .rdi = reg(REG_RDI), .number = 0,
          .rip = reg(REG_RIP), .flags = reg(REG_EFL), .rsp = reg(REG_RSP), .resume = 0};
}

// Not a call of the target: only redirects to the hall, so that the call is carried out outside
// of signal context. This frame's return restores every register, vectors included.
void on_sigsys(int, siginfo_t* info, void* context) {
  auto* regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto site = static_cast<std::uint64_t>(regs[REG_RIP]) - 2;
  if (info->si_code == 2 /* SYS_USER_DISPATCH */) {
    consider_rewriting(site, static_cast<std::uint64_t>(regs[REG_RAX]));
  }
  regs[REG_RCX] = regs[REG_RIP];
  regs[REG_RIP] = reinterpret_cast<greg_t>(&detsim_entry_trap);
}

void on_fault(int number, siginfo_t* info, void* context) {
  auto* ucontext = static_cast<ucontext_t*>(context);
  auto* regs = ucontext->uc_mcontext.gregs;
  const auto rip = static_cast<std::uint64_t>(regs[REG_RIP]);
  if (in_shim_text(rip)) {
    const auto copy = reinterpret_cast<std::uint64_t>(detsim_user_copy_fault);
    if (rip == copy) {
      regs[REG_RIP] = reinterpret_cast<greg_t>(detsim_user_copy_end);
      return;
    }
    Text<32> at;
    at.hexadecimal(rip - text_begin());
    Text<32> address;
    address.hexadecimal(reinterpret_cast<std::uint64_t>(info->si_addr));
    fatal("a fault inside of the shim: signal ", number, " at text+", at.data(), ", address ",
          address.data());
  }
  if (answer_instruction(number, ucontext)) return;
  fault = {.number = number, .code = info->si_code,
           .value = reinterpret_cast<std::uint64_t>(info->si_addr)};
  detsim_fault_frame = frame_of(regs);
  regs[REG_RIP] = reinterpret_cast<greg_t>(&detsim_entry_fault);
  regs[REG_EFL] &= ~0x100;  // the trap flag must not step through the shim
}

void handle(int number, void (*handler)(int, siginfo_t*, void*)) {
  const KernelSigaction action{
      .handler = reinterpret_cast<std::uint64_t>(handler),
      .flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | 0x04000000 /* SA_RESTORER */,
      .restorer = reinterpret_cast<std::uint64_t>(&detsim_sigreturn),
      .mask = 0};
  raw(__NR_rt_sigaction, number, &action, nullptr, 8);
}

}  // namespace

const SignalInfo& fault_info() { return fault; }

bool in_shim_text(std::uint64_t address) {
  return address >= text_begin() && address < text_end();
}

void install_traps() {
  handle(SIGSYS, on_sigsys);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) handle(number, on_fault);
  // The kernel's own SIGPIPE and the like are modelled (signals.cpp).
  const KernelSigaction ignore{.handler = 1};
  for (const int number : {SIGPIPE, SIGXFSZ}) raw(__NR_rt_sigaction, number, &ignore, nullptr, 8);
}

void arm_dispatch() {
  const KernelStack stack{signal_stack, 0, sizeof signal_stack};
  raw(__NR_sigaltstack, &stack, nullptr);
  const std::uint64_t nothing = 0;
  raw(__NR_rt_sigprocmask, SIG_SETMASK, &nothing, nullptr, 8);
  raw(__NR_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
  const long result = raw(__NR_prctl, 59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1 /* ON */,
                          text_begin(), text_end() - text_begin(), 0);
  if (result != 0) fatal("this kernel offers no syscall user dispatch; see `detsim doctor`");
}

}  // namespace detsim
