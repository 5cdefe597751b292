// One condition variable, waited on and signalled through direct calls, dlmopen'ed and DEEPBIND
// libraries: each hand-over must wake the other kind.
#include <dlfcn.h>

#include "lock/counted.hpp"

struct User {
  int (*lock)(pthread_mutex_t*), (*unlock)(pthread_mutex_t*);
  int (*wait)(pthread_cond_t*, pthread_mutex_t*);
  int (*signal)(pthread_cond_t*), (*broadcast)(pthread_cond_t*);
};

template <class Function>
static void find(Function& function, void* library, const char* name) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  EXPECT(function != nullptr);
}

static User load(void* library) {
  EXPECT(library != nullptr);
  User user;
  find(user.lock, library, "locker_mutex_lock");
  find(user.unlock, library, "locker_mutex_unlock");
  find(user.wait, library, "locker_cond_wait");
  find(user.signal, library, "locker_cond_signal");
  find(user.broadcast, library, "locker_cond_broadcast");
  return user;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t conditions[4] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER,
                                       PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
static int turn;
static User users[4];

static void* work(void* argument) {
  const long index = reinterpret_cast<long>(argument);
  const User& user = users[index];
  for (int round = 0; round < 30; ++round) {
    EXPECT_EQ(user.lock(&mutex), 0);
    while (turn % 4 != index) EXPECT_EQ(user.wait(&conditions[index], &mutex), 0);
    ++turn;
    pthread_cond_t* next = &conditions[(index + 1) % 4];
    EXPECT_EQ(round % 2 ? user.signal(next) : user.broadcast(next), 0);
    EXPECT_EQ(users[(index + round) % 4].unlock(&mutex), 0);
  }
  return nullptr;
}

int main() {
  users[0] = {pthread_mutex_lock, pthread_mutex_unlock, pthread_cond_wait, pthread_cond_signal,
              pthread_cond_broadcast};
  users[1] = load(dlmopen(LM_ID_NEWLM, SUPPORT_DIRECTORY "/liblocker.so", RTLD_NOW));
  users[2] = load(dlopen(SUPPORT_DIRECTORY "/liblocker.so", RTLD_NOW | RTLD_DEEPBIND));
  users[3] = users[0];
  find(users[3].wait, RTLD_DEFAULT, "pthread_cond_wait");
  find(users[3].signal, RTLD_NEXT, "pthread_cond_signal");
  pthread_t threads[4];
  for (long i = 0; i < 4; ++i) {
    EXPECT_EQ(pthread_create(&threads[i], nullptr, work, reinterpret_cast<void*>(i)), 0);
  }
  for (auto& thread : threads) EXPECT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(turn, 120);
  return ok();
}
