/* What a program can tell detsim, and ask of it, to be tested better: places where it may go wrong
 * on purpose, random numbers, properties. One header, C99 and C++, nothing to link. Outside of
 * detsim nothing of it has an effect: no place misbehaves, no property is checked, and the random
 * numbers are the seed's own (see detsim_random).
 *
 *   detsim_fork_point();
 *   if (DETSIM_BUGGIFY("cache: forget an entry")) forget(entry);
 *   DETSIM_ALWAYS(balance >= 0, "no overdraft", "account 17");
 *   DETSIM_SOMETIMES(retries > 0, "a request is retried");
 *   DETSIM_REACHABLE("the log was truncated");
 *   DETSIM_UNREACHABLE("two leaders in one term", details);
 *
 * An ALWAYS that does not hold and an UNREACHABLE that is reached end the run: `detsim run` exits
 * with 122. The details are a text and may be left out. docs/faults.md has more.
 */
#ifndef DETSIM_SDK_H
#define DETSIM_SDK_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum detsim_property_kind { detsim_always = 1, detsim_sometimes, detsim_reachable,
                            detsim_unreachable };

/* (RTLD_DEFAULT is 0, and named only for _GNU_SOURCE. libdl is a part of libc since glibc 2.34.) */
static inline void* detsim_sdk_find_(const char* name) { return dlsym((void*)0, name); }

/* 1: misbehave here. Two-phase, as FoundationDB has it: a site is active in a part of the runs (a
 * quarter), and an active one fires a part of the time (a quarter). Only when the fault plan has
 * app.buggify (or app.NAME for this site). `name`: what it is called in plans and reports. */
static inline int detsim_buggify(const char* name) {
  typedef int (*function_t)(const char*);
  static function_t function;
  static int looked;
  if (!looked) {
    function = (function_t)detsim_sdk_find_("detsim_public_buggify");
    looked = 1;
  }
  return function != NULL ? function(name) : 0;
}

/* 64 random bits of the run's own; outside of detsim always the same sequence (SplitMix64). */
static inline uint64_t detsim_random(void) {
  typedef uint64_t (*function_t)(void);
  static function_t function;
  static int looked;
  static uint64_t state;
  uint64_t z;
  if (!looked) {
    function = (function_t)detsim_sdk_find_("detsim_public_random");
    looked = 1;
  }
  if (function != NULL) return function();
  z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* "What differs from run to run begins here": the program has been set up, and nothing before this
 * place depends on the seed. `detsim explore` starts the program once up to here, and each run goes
 * on from here. Without it that is where `main` begins. Everything that depends on the seed ends
 * the preparation by itself if it comes earlier: a thread or a process that is started, random
 * bytes. Calls after the first have no effect. (The note lets libdetsim.so know before `main` that
 * there is such a place.) */
static inline void detsim_fork_point(void) {
  typedef void (*function_t)(void);
  function_t function = (function_t)detsim_sdk_find_("detsim_public_fork_point");
#if defined(__ELF__)
  __asm__ volatile(
      ".pushsection .note.detsim, \"a\", @note\n"
      ".balign 4\n.long 7, 0, 1\n.asciz \"detsim\"\n.balign 4\n.popsection");
#endif
  if (function != NULL) function();
}

static inline void detsim_property_(enum detsim_property_kind kind, int condition,
                                    const char* message, const char* details, const char* file,
                                    int line) {
  typedef void (*function_t)(int, int, const char*, const char*, const char*, int);
  static function_t function;
  static int looked;
  if (!looked) {
    function = (function_t)detsim_sdk_find_("detsim_public_property");
    looked = 1;
  }
  if (function != NULL) function((int)kind, condition, message, details, file, line);
}

#ifdef __cplusplus
}
#endif

#define DETSIM_BUGGIFY(name) detsim_buggify(name)

#define DETSIM_ALWAYS(...) DETSIM_CONDITION_(detsim_always, __VA_ARGS__, (const char*)0, 0)
#define DETSIM_SOMETIMES(...) DETSIM_CONDITION_(detsim_sometimes, __VA_ARGS__, (const char*)0, 0)
#define DETSIM_REACHABLE(...) DETSIM_CONDITION_(detsim_reachable, 1, __VA_ARGS__, (const char*)0, 0)
#define DETSIM_UNREACHABLE(...) \
  DETSIM_CONDITION_(detsim_unreachable, 0, __VA_ARGS__, (const char*)0, 0)
#define DETSIM_CONDITION_(kind, condition, message, details, ...) \
  detsim_property_(kind, (condition) ? 1 : 0, message, details, __FILE__, __LINE__)

#endif
