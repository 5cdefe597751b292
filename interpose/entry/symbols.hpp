// The symbols' door: exported functions that add a scheduling point and go on in the real one.
#pragma once
#include <elf.h>

#include "scheduler/task.hpp"

namespace detsim {

/// Finds the loaded objects and the real functions behind the exported ones; `auxiliary` as for
/// find_objects(). Once per image.
void find_real_functions(const Elf64_auxv_t* auxiliary);

/// A scheduling point on behalf of a function that the target called in the ordinary way (so that
/// vector registers are dead); it runs on the task's shim stack, and signals that became
/// deliverable are delivered before it returns.
void point_from_target(Operation operation);

}  // namespace detsim
