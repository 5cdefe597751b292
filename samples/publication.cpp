// A publication race. A settings object is made once, by whoever asks first, and kept under a plain
// pointer; the pointer is stored before the object is filled in, so another thread that sees it
// uses an empty one. detsim_point() marks where another thread may come in between.
//
// The cure (publication_fixed.cpp): fill it in first, and publish it by a store with release.
#include <pthread.h>

#include <cstdio>

#include "include/detsim.h"

namespace {

struct Settings {
  int connections = 0;
};

Settings storage;
Settings* settings = nullptr;

void set_up() {
  settings = &storage;  // the bug: everybody sees it from here on
  detsim_point(&settings);
  storage.connections = 8;
}

void* serve(void*) {
  detsim_point(&settings);
  if (settings == nullptr) return nullptr;  // not yet: it will ask again
  return settings->connections == 8 ? nullptr : settings;
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
