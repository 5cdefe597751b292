// A log that threads append single letters to, printed as an observation: it shows the
// interleaving, so it must be the same for the same seed and differ between some seeds.
#pragma once

#include <stddef.h>

#include "expect.hpp"

static char interleaving[4096];
static size_t interleaving_length;

static inline void interleaving_note(char letter) {
  const size_t at = __atomic_fetch_add(&interleaving_length, 1, __ATOMIC_SEQ_CST);
  EXPECT(at < sizeof interleaving - 1);
  interleaving[at] = letter;
}

static inline void interleaving_print(void) { OBS("interleaving %s", interleaving); }
