// An image: what execve leaves behind and what the constructor finds.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// execve succeeded, this is the new image: the caller is the process's only task and has its
/// pid, handlers are default, descriptors with FD_CLOEXEC are gone.
void become_image(Process& process, Task& task);

/// The memory in which execve put an environment together: a vfork child leaves it to its parent.
void forget_exec_scratch();

/// The kernel thread's state that was set up by the loader becomes the modelled task's: rseq
/// area, robust list, clear-child-tid, FS base, the tid that glibc caches, the signal mask.
void take_over_kernel_thread();
/// The task's name becomes that of the program.
void name_image();

}  // namespace detsim
