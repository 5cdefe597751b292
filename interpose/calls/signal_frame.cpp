#include "interpose/calls/signal_frame.hpp"

#include <asm-generic/errno.h>
#include <cpuid.h>
#include <signal.h>

#include "interpose/base/library.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/rewrite.hpp"
#include "interpose/entry/switch.hpp"
#include "interpose/entry/trap.hpp"

extern "C" {
void detsim_save_signal_vectors(void* area, std::uint64_t mask);
void detsim_load_signal_vectors(const void* area, std::uint64_t mask);
extern std::uint64_t detsim_vector_mode;
}

namespace detsim {
namespace {

struct MachineContext {  // struct sigcontext_64
  std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip,
      flags;
  std::uint16_t cs, gs, fs, ss;
  std::uint64_t error, trap, oldmask, cr2, vectors;
  std::uint64_t reserved[8];
};
struct UserContext {
  std::uint64_t flags, link;
  std::uint64_t stack;
  std::uint32_t stack_flags, padding;
  std::uint64_t stack_bytes;
  MachineContext machine;
  std::uint64_t mask;
};
struct SignalFrame {
  std::uint64_t return_address;
  UserContext context;
  unsigned char info[128];
};
static_assert(sizeof(MachineContext) == 256 && sizeof(SignalFrame) == 440);

constexpr std::uint64_t kContextFlags = 7;  // UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS
constexpr std::uint32_t kVectorMagic1 = 0x46505853, kVectorMagic2 = 0x46505845;
constexpr unsigned kVectorSoftware = 464;  // where the FXSAVE image leaves room for software
constexpr unsigned kVectorHeader = 512;
constexpr std::uint64_t kTileState = 3ull << 17;  // AMX: refused, see docs/limits
constexpr std::uint64_t kProtectionKeys = 1ull << 9;
constexpr std::uint64_t kRestorer = 0x04000000;  // SA_RESTORER: there is no other way back
constexpr std::uint64_t kFlagsKept = 0x244dd5;   // the flags a target may set by sigreturn

struct VectorSoftware {  // struct _fpx_sw_bytes
  std::uint32_t magic1, extended_bytes;
  std::uint64_t features;
  std::uint32_t bytes;
  std::uint32_t padding[7];
};

std::uint64_t vector_mask;   // the components a frame holds
std::uint32_t vector_bytes;  // of them, in the standard format

bool is_within(const ThreadState& thread, std::uint64_t rsp) {
  return rsp > thread.alternate_stack && rsp - thread.alternate_stack <= thread.alternate_bytes;
}

std::uint64_t stack_for(const Frame& f, const KernelSigaction& action) {
  const ThreadState& thread = current_thread();
  if ((action.flags & SA_ONSTACK) != 0 && thread.alternate_bytes != 0 &&
      !is_on_alternate_stack(thread, f.rsp)) {
    return thread.alternate_stack + thread.alternate_bytes;
  }
  return f.rsp - 128;
}

// Touches every page, so that saving vector registers there cannot fault.
bool make_writable(std::uint64_t begin, std::uint64_t end) {
  const char zero = 0;
  for (std::uint64_t at = begin; at < end; at += 4096) {
    if (!put_user(zero, reinterpret_cast<void*>(at))) return false;
  }
  return put_user(zero, reinterpret_cast<void*>(end - 1));
}

bool save_vectors(std::uint64_t at) {
  const auto total = vector_bytes + sizeof kVectorMagic2;
  if (!make_writable(at, at + total)) return false;
  auto* area = reinterpret_cast<unsigned char*>(at);
  memset(area + kVectorHeader, 0, 64);
  detsim_save_signal_vectors(area, vector_mask);
  area[kVectorHeader] |= 3;  // handlers may change x87 and SSE state without knowing of the header
  const VectorSoftware software{.magic1 = kVectorMagic1,
                                .extended_bytes = static_cast<std::uint32_t>(total),
                                .features = vector_mask,
                                .bytes = vector_bytes,
                                .padding = {}};
  memcpy(area + kVectorSoftware, &software, sizeof software);
  memcpy(area + vector_bytes, &kVectorMagic2, sizeof kVectorMagic2);
  return true;
}

// What is read back is the target's to have changed: only what the processor accepts is loaded.
bool load_vectors(std::uint64_t at) {
  alignas(64) unsigned char area[kVectorBytes / 2];
  if (at == 0 || vector_bytes > sizeof area) return false;
  if (!copy_from_user(area, reinterpret_cast<void*>(at), vector_bytes)) return false;
  std::uint64_t header[8] = {};
  std::uint32_t control;
  memcpy(header, area + kVectorHeader, sizeof(std::uint64_t));
  header[0] &= vector_mask;
  memcpy(area + kVectorHeader, header, sizeof header);
  memcpy(&control, area + 24, sizeof control);
  control &= 0xffff;
  memcpy(area + 24, &control, sizeof control);
  detsim_load_signal_vectors(area, vector_mask);
  return true;
}

// As fpu__clear_user_states: everything initial, but protection keys, which have a value of the
// kernel's own for it (init_pkru): key 0 open, the others closed to data.
void reset_vectors() {
  alignas(64) static unsigned char initial[kVectorHeader + 64];
  const std::uint16_t x87_control = 0x37f;
  const std::uint32_t control = 0x1f80;
  memcpy(initial, &x87_control, sizeof x87_control);
  memcpy(initial + 24, &control, sizeof control);
  detsim_load_signal_vectors(initial, vector_mask & ~kProtectionKeys);
  if ((vector_mask & kProtectionKeys) != 0) {
    __asm__ volatile("wrpkru" : : "a"(0x55555554), "c"(0), "d"(0));
  }
}

MachineContext machine_of(const Frame& f, std::uint64_t vectors) {
  return {.r8 = f.r8,
          .r9 = f.r9,
          .r10 = f.r10,
          .r11 = f.r11,
          .r12 = f.r12,
          .r13 = f.r13,
          .r14 = f.r14,
          .r15 = f.r15,
          .rdi = f.rdi,
          .rsi = f.rsi,
          .rbp = f.rbp,
          .rbx = f.rbx,
          .rdx = f.rdx,
          .rax = f.rax,
          .rcx = f.rcx,
          .rsp = f.rsp,
          .rip = f.rip,
          .flags = f.flags,
          .cs = 0x33,
          .gs = 0,
          .fs = 0,
          .ss = 0x2b,
          .error = 0,
          .trap = 0,
          .oldmask = 0,
          .cr2 = 0,
          .vectors = vectors,
          .reserved = {}};
}

void restore_machine(Frame& f, const MachineContext& m) {
  f.r8 = m.r8, f.r9 = m.r9, f.r10 = m.r10, f.r11 = m.r11, f.r12 = m.r12, f.r13 = m.r13;
  f.r14 = m.r14, f.r15 = m.r15, f.rdi = m.rdi, f.rsi = m.rsi, f.rbp = m.rbp, f.rbx = m.rbx;
  f.rdx = m.rdx, f.rax = m.rax, f.rcx = m.rcx, f.rsp = m.rsp, f.rip = m.rip;
  f.flags = (f.flags & ~kFlagsKept) | (m.flags & kFlagsKept);
  f.resume = resume_address(f.rip);
}

}  // namespace

void measure_vector_state() {
  std::uint32_t low, high, a, b, c, d;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  vector_mask = ((static_cast<std::uint64_t>(high) << 32) | low) & ~kTileState;
  __cpuid_count(0xd, 1, a, b, c, d);
  detsim_vector_mode = (a & 6) == 6 ? 2 : (a & 2) != 0 ? 1 : 0;  // XGETBV with 1, XSAVEC
  if ((low & kTileState) == 0) {  // then the size of all is what we want; CPUID is slow
    __cpuid_count(0xd, 0, a, vector_bytes, c, d);
    return;
  }
  vector_bytes = kVectorHeader + 64;
  for (unsigned component = 2; component < 63; ++component) {
    if ((vector_mask >> component & 1) == 0) continue;
    __cpuid_count(0xd, component, a, b, c, d);
    if (a + b > vector_bytes) vector_bytes = a + b;
  }
}

bool push_signal_frame(Frame& f, const KernelSigaction& action, const SignalInfo& info,
                       std::uint64_t mask, bool is_fault) {
  ThreadState& thread = current_thread();
  const bool was_on_it = is_on_alternate_stack(thread, f.rsp);
  const auto vectors = (stack_for(f, action) - vector_bytes - 4) & ~63ull;
  const auto at = ((vectors - sizeof(SignalFrame)) & ~15ull) - 8;
  const bool enters_it = (action.flags & SA_ONSTACK) != 0 && thread.alternate_bytes != 0;
  if ((was_on_it || enters_it) && !is_within(thread, at)) return false;  // overflow
  if ((action.flags & kRestorer) == 0 || !save_vectors(vectors)) return false;
  SignalFrame frame{.return_address = action.restorer,
                    .context = {.flags = kContextFlags,
                                .link = 0,
                                .stack = thread.alternate_stack,
                                .stack_flags = thread.alternate_flags,
                                .padding = 0,
                                .stack_bytes = thread.alternate_bytes,
                                .machine = machine_of(f, vectors),
                                .mask = mask},
                    .info = {}};
  frame.context.machine.oldmask = mask;
  write_signal_info(info, frame.info);
  if (is_fault) {
    const auto& details = fault_details();
    frame.context.machine.error = details.error;
    frame.context.machine.trap = details.trap;
    frame.context.machine.cr2 = details.address;
    memcpy(frame.info, details.info, sizeof frame.info);
  }
  if (!put_user(frame, reinterpret_cast<void*>(at))) return false;
  if ((thread.alternate_flags & kAutoDisarm) != 0) {
    thread.alternate_stack = thread.alternate_bytes = 0;
    thread.alternate_flags = SS_DISABLE;
  }
  reset_vectors();
  f.rdi = static_cast<std::uint64_t>(info.number);
  f.rsi = at + offsetof(SignalFrame, info);
  f.rdx = at + offsetof(SignalFrame, context);
  f.rax = 0;
  f.rsp = at;
  f.rip = action.handler;
  f.resume = 0;
  f.flags &= ~0x10500ull;  // DF, TF, RF
  return true;
}

bool is_on_alternate_stack(const ThreadState& thread, std::uint64_t rsp) {
  return (thread.alternate_flags & kAutoDisarm) == 0 && is_within(thread, rsp);
}

long set_alternate_stack(ThreadState& thread, std::uint64_t rsp, const AlternateStack& wanted) {
  if (is_on_alternate_stack(thread, rsp)) return -EPERM;
  const auto mode = wanted.flags & ~kAutoDisarm;
  if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK) return -EINVAL;
  const bool disable = mode == SS_DISABLE;
  if (!disable && wanted.bytes < 2048) return -ENOMEM;
  thread.alternate_stack = disable ? 0 : wanted.base;
  thread.alternate_bytes = disable ? 0 : wanted.bytes;
  thread.alternate_flags = wanted.flags;
  return 0;
}

bool pop_signal_frame(Frame& f) {
  SignalFrame frame;
  const auto at = f.rsp - 8;  // the handler's return popped the return address
  if (!get_user(frame, reinterpret_cast<void*>(at))) return false;
  ThreadState& thread = current_thread();
  if (frame.context.machine.vectors != 0 && !load_vectors(frame.context.machine.vectors)) {
    return false;
  }
  restore_machine(f, frame.context.machine);
  set_signal_mask(frame.context.mask);
  // Refused, and then left as it is, where the kernel would refuse it (restore_altstack).
  const auto& stack = frame.context;
  set_alternate_stack(thread, f.rsp, {stack.stack, stack.stack_flags, 0, stack.stack_bytes});
  return true;
}

void write_signal_info(const SignalInfo& info, unsigned char (&bytes)[128]) {
  memset(bytes, 0, sizeof bytes);
  const auto put = [&bytes](unsigned offset, const auto& value) {
    memcpy(bytes + offset, &value, sizeof value);
  };
  put(0, info.number);
  put(4, info.error);
  put(8, info.code);
  put(16, info.pid);
  put(20, info.uid);
  if (info.number == SIGCHLD && info.code > 0) {
    put(24, info.status);
    put(32, info.utime);
    put(40, info.stime);
  } else {
    put(24, info.value);
  }
}

SignalInfo read_signal_info(const unsigned char (&bytes)[128]) {
  SignalInfo info;
  memcpy(&info.number, bytes, 4);
  memcpy(&info.error, bytes + 4, 4);
  memcpy(&info.code, bytes + 8, 4);
  memcpy(&info.pid, bytes + 16, 4);
  memcpy(&info.uid, bytes + 20, 4);
  memcpy(&info.value, bytes + 24, 8);
  return info;
}

}  // namespace detsim
