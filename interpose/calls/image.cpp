#include "interpose/calls/image.hpp"

#include <elf.h>
#include <linux/prctl.h>

#include <initializer_list>

#include "interpose/base/library.hpp"
#include "interpose/base/raw.hpp"
#include "interpose/base/user.hpp"
#include "interpose/calls/descriptors.hpp"
#include "interpose/calls/ipc.hpp"
#include "interpose/calls/processes.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/calls/timers.hpp"
#include "interpose/entry/switch.hpp"

namespace detsim {
namespace {

constexpr std::uint32_t kRseqSignature = 0x53053053;  // glibc's, sysdeps/.../x86/bits/rseq.h

// The word of the thread descriptor in which glibc caches the tid (nptl/descr.h): found, not
// assumed, as the word that set_tid_address was given. The kernel tells by PR_GET_TID_ADDRESS.
std::uint64_t tid_address_of_kernel_thread() {
  std::uint64_t address = 0;
  raw(__NR_prctl, PR_GET_TID_ADDRESS, &address);
  return address;
}

void take_over_tid() {
  Task& me = current_task();
  auto address = tid_address_of_kernel_thread();
  if (address == 0) address = current_fs_base() + 0x2d0;  // pthread->tid of glibc on x86-64
  current_thread().clear_child_tid = address;
  std::int32_t cached = 0;
  if (get_user(cached, reinterpret_cast<void*>(address)) && cached == current_process().real_pid) {
    put_user(me.tid, reinterpret_cast<void*>(address));
  }
  raw(__NR_set_tid_address, 0);
}

// glibc 2.35 and later register an area of the thread descriptor; where it lies is its own
// business, so ask the kernel by trying: unregistering succeeds for the registered address only.
// __rseq_offset is exported by the loader, but the area is at a fixed place behind the tid in
// every glibc that has it.
void take_over_rseq() {
  const auto base = current_fs_base();
  for (std::uint64_t offset = 0x900; offset < 0xa80; offset += 0x20) {
    for (const std::uint32_t bytes : {32u, 28u, 20u}) {
      if (raw(__NR_rseq, base + offset, bytes, 1, kRseqSignature) == 0) {
        auto& thread = current_thread();
        thread.rseq = base + offset;
        thread.rseq_bytes = bytes;
        thread.rseq_signature = kRseqSignature;
        write_rseq_cpu(thread);
        return;
      }
    }
  }
}

void take_over_robust_list() {
  std::uint64_t head = 0, bytes = 0;
  raw(__NR_get_robust_list, 0, &head, &bytes);
  current_thread().robust_list = head;
  raw(__NR_set_robust_list, 0, 24);
}

}  // namespace

void become_image(Process& process, Task& task) {
  auto& w = world();
  process.exec_pending = false;
  process.executed = true;
  // Robust lists lay in the memory that is gone.
  for_each_task(process, [](Task& each) { thread_of(each).robust_list = 0; });
  end_other_tasks(process, task);
  task.tid = process.pid;
  process.main_task = task.id;
  forget_attachments(process);
  process.address_space = ++w.next_address_space;
  ThreadState& thread = thread_of(task);
  reset_signals_for_exec(process, thread);
  thread.clear_child_tid = thread.robust_list = thread.rseq = 0;
  thread.gs_base = 0;
  thread.restore_mask = false;
  forget_posix_timers(process);
  close_on_exec(process);
  release_vfork_parent(process);
}

void take_over_kernel_thread() {
  take_over_tid();
  take_over_rseq();
  take_over_robust_list();
  current_thread().fs_base = current_fs_base();
}

void name_image() {
  char name[kTaskNameBytes] = {};
  raw(__NR_prctl, PR_GET_NAME, name);
  copy_text(current_task().name, name, sizeof name);
  copy_text(current_process().name, name, sizeof name);
}

}  // namespace detsim
