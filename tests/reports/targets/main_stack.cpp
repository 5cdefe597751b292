// A mutex on the main thread's stack, locked twice.
#include <pthread.h>

int main() {
  pthread_mutex_t twice = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&twice);
  pthread_mutex_lock(&twice);
}
