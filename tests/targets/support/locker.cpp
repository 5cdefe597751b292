// Lock functions behind other names, bound wherever this library's loading binds them.
#include <pthread.h>
#include <semaphore.h>

extern "C" {
int locker_mutex_lock(pthread_mutex_t* mutex) { return pthread_mutex_lock(mutex); }
int locker_mutex_trylock(pthread_mutex_t* mutex) { return pthread_mutex_trylock(mutex); }
int locker_mutex_unlock(pthread_mutex_t* mutex) { return pthread_mutex_unlock(mutex); }
int locker_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return pthread_cond_wait(condition, mutex);
}
int locker_cond_signal(pthread_cond_t* condition) { return pthread_cond_signal(condition); }
int locker_cond_broadcast(pthread_cond_t* condition) { return pthread_cond_broadcast(condition); }
int locker_rwlock_rdlock(pthread_rwlock_t* lock) { return pthread_rwlock_rdlock(lock); }
int locker_rwlock_wrlock(pthread_rwlock_t* lock) { return pthread_rwlock_wrlock(lock); }
int locker_rwlock_unlock(pthread_rwlock_t* lock) { return pthread_rwlock_unlock(lock); }
int locker_sem_wait(sem_t* semaphore) { return sem_wait(semaphore); }
int locker_sem_post(sem_t* semaphore) { return sem_post(semaphore); }
int locker_barrier_wait(pthread_barrier_t* barrier) { return pthread_barrier_wait(barrier); }
}
