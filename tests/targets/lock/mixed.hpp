// The same mutex taken by every kind of caller: a direct call, C11 mtx_*, functions found by
// dlsym in two ways, and those of libraries loaded by dlmopen (with a C library of its own) and
// with RTLD_DEEPBIND. A lock taken by one kind is released by another.
#pragma once

#include <dlfcn.h>
#include <threads.h>

#include "lock/counted.hpp"

using LockFunction = int (*)(pthread_mutex_t*);

struct MixedUser {
  const char* name;
  LockFunction lock, trylock, unlock;
};

inline int mixed_mtx_lock(pthread_mutex_t* mutex) {
  return mtx_lock(reinterpret_cast<mtx_t*>(mutex)) == thrd_success ? 0 : EINVAL;
}
inline int mixed_mtx_trylock(pthread_mutex_t* mutex) {
  return mtx_trylock(reinterpret_cast<mtx_t*>(mutex)) == thrd_success ? 0 : EBUSY;
}
inline int mixed_mtx_unlock(pthread_mutex_t* mutex) {
  return mtx_unlock(reinterpret_cast<mtx_t*>(mutex)) == thrd_success ? 0 : EINVAL;
}

inline MixedUser mixed_user(const char* name, void* library, const char* prefix) {
  const std::string text = prefix;
  const MixedUser user = {
      name, reinterpret_cast<LockFunction>(dlsym(library, (text + "mutex_lock").c_str())),
      reinterpret_cast<LockFunction>(dlsym(library, (text + "mutex_trylock").c_str())),
      reinterpret_cast<LockFunction>(dlsym(library, (text + "mutex_unlock").c_str()))};
  EXPECT(user.lock && user.trylock && user.unlock);
  return user;
}

constexpr int mixed_user_count = 6;
inline MixedUser mixed_users[mixed_user_count];

inline void load_mixed_users() {
  void* far = dlmopen(LM_ID_NEWLM, SUPPORT_DIRECTORY "/liblocker.so", RTLD_NOW);
  if (!far) expect_fail(__FILE__, __LINE__, "dlmopen", "a library", dlerror());
  void* deep = dlopen(SUPPORT_DIRECTORY "/liblocker.so", RTLD_NOW | RTLD_DEEPBIND);
  if (!deep) expect_fail(__FILE__, __LINE__, "dlopen", "a library", dlerror());
  EXPECT(far != deep);
  mixed_users[0] = {"direct", pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_unlock};
  mixed_users[1] = {"mtx", mixed_mtx_lock, mixed_mtx_trylock, mixed_mtx_unlock};
  mixed_users[2] = mixed_user("dlsym default", RTLD_DEFAULT, "pthread_");
  mixed_users[3] = mixed_user("dlsym next", RTLD_NEXT, "pthread_");
  mixed_users[4] = mixed_user("dlmopen", far, "locker_");
  mixed_users[5] = mixed_user("deepbind", deep, "locker_");
}

inline void expect_mixed_exclusion(pthread_mutex_t* mutex) {
  if (!mixed_users[0].lock) load_mixed_users();
  expect_exclusion([mutex](Counted& counted, int index, int round) {
    const MixedUser& locker = mixed_users[index % mixed_user_count];
    const MixedUser& unlocker = mixed_users[(index + round) % mixed_user_count];
    if (round % 4 == 3) {
      int error;
      while ((error = locker.trylock(mutex)) != 0) {
        EXPECT_EQ(error, EBUSY);
        sched_yield();
      }
    } else {
      EXPECT_EQ(locker.lock(mutex), 0);
    }
    counted.step();
    EXPECT_EQ(unlocker.unlock(mutex), 0);
  });
}
