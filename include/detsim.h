/* What a program may ask of detsim when it runs under it. Nothing here has to be linked: natively,
 * and before detsim is in place, the answers are "no", 0, and nothing. C99 and C++.
 *
 * A program that asks is no longer the same program natively; the tests of a program that do are.
 */
#ifndef DETSIM_H
#define DETSIM_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* (libdl is a part of libc since glibc 2.34. RTLD_DEFAULT is 0, and named only for _GNU_SOURCE.) */
static inline void* detsim_function_(const char* name) { return dlsym((void*)0, name); }

/* 1 under detsim, else 0. Stores the seed of the run unless `seed` is null. */
static inline int detsim_is_running(uint64_t* seed) {
  typedef int (*function_t)(uint64_t*);
  const function_t function = (function_t)detsim_function_("detsim_public_is_running");
  return function != NULL ? function(seed) : 0;
}

/* A scheduling point: another task may go first. detsim has one before every call and every
 * operation on a lock; between two plain accesses to memory there is none, so to explore what
 * happens when two threads meet there, put this before the accesses. `object`: what is shared. */
static inline void detsim_point(const void* object) {
  typedef void (*function_t)(const void*);
  static function_t function;
  static int looked;
  if (!looked) {
    function = (function_t)detsim_function_("detsim_public_point");
    looked = 1;
  }
  if (function != NULL) function(object);
}

#ifdef __cplusplus
}
#endif

#endif
