// futex(2), completely: every operation, private and shared, PI and robust lists.
#pragma once
#include "scheduler/world.hpp"

namespace detsim {

/// Walks a dying task's robust list (set_robust_list(2), Documentation/locking/robust-futex-ABI):
/// marks what it owned FUTEX_OWNER_DIED and wakes one waiter each.
void release_robust_list(Task& task);
/// CLONE_CHILD_CLEARTID: zeroes the word and wakes one waiter.
void clear_child_tid(Task& task);

}  // namespace detsim
