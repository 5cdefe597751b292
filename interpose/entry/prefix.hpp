// The end of the prefix (scheduler/prefix.hpp): before `main` begins, and earlier where the seed
// would show, when a second task is started or random bytes are drawn.
#pragma once
#include <elf.h>

#include "interpose/entry/switch.hpp"
#include "scheduler/prefix.hpp"

namespace detsim {

/// The root process of a round begins: with the strategy of a prefix, in place of the run's own.
void begin_prefix();

/// From here on the seed decides. Once in a run; nothing afterwards.
void end_prefix();

/// As end_prefix(), called from the target's own code.
void end_prefix_from_target();

/// The kernel's random bytes of this image, and what ld.so made of them.
void fix_random_bytes(const Elf64_auxv_t* entry);

/// The current task's stream of random bytes.
inline ChoiceStream& data_stream() {
  if (!prefix().is_over) [[unlikely]]
    end_prefix();
  return current_task().data;
}

}  // namespace detsim
