// Two processes, each with one of two locks in memory they share, wait for the other's.
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct Shared {
  pthread_mutex_t left, right;
  pthread_barrier_t both_have_one;
};

[[gnu::noinline]] static void eat(Shared& shared, pthread_mutex_t& first, pthread_mutex_t& second) {
  pthread_mutex_lock(&first);
  pthread_barrier_wait(&shared.both_have_one);
  pthread_mutex_lock(&second);
}

int main() {
  auto& shared = *static_cast<Shared*>(
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  pthread_mutexattr_t mutex;
  pthread_mutexattr_init(&mutex);
  pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&shared.left, &mutex);
  pthread_mutex_init(&shared.right, &mutex);
  pthread_barrierattr_t barrier;
  pthread_barrierattr_init(&barrier);
  pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared.both_have_one, &barrier, 2);
  if (fork() == 0) {
    eat(shared, shared.left, shared.right);
    _exit(0);
  }
  eat(shared, shared.right, shared.left);
  wait(nullptr);
}
