// publication.cpp without its bug: the object is whole before anybody sees it.
#include <pthread.h>

#include <atomic>
#include <cstdio>

#include "include/detsim.h"

namespace {

struct Settings {
  int connections = 0;
};

Settings storage;
std::atomic<Settings*> settings{nullptr};

void set_up() {
  storage.connections = 8;
  detsim_point(&settings);
  settings.store(&storage, std::memory_order_release);
}

void* serve(void*) {
  detsim_point(&settings);
  Settings* seen = settings.load(std::memory_order_acquire);
  if (seen == nullptr) return nullptr;  // not yet: it will ask again
  return seen->connections == 8 ? nullptr : seen;
}

}  // namespace

int main() {
  pthread_t server;
  if (pthread_create(&server, nullptr, serve, nullptr) != 0) return 2;
  set_up();
  void* wrong = nullptr;
  pthread_join(server, &wrong);
  std::printf("the server found %s\n", wrong == nullptr ? "what it needs" : "settings without any");
  return wrong == nullptr ? 0 : 1;
}
