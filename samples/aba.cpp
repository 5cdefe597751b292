// The ABA problem. A stack without locks pops by comparing its head: a thread that was held up
// between the look at the head's successor and the exchange finds the same head again, although two
// others were taken meanwhile and the first put back; it makes a node the head that somebody else
// has. detsim_point() marks where another thread may come in between.
//
// The cure (aba_fixed.cpp): a head that counts how often it changed.
#include <pthread.h>

#include <atomic>
#include <cstdio>

#include "include/detsim.h"

namespace {

struct Node {
  Node* next;
  std::atomic<int> owners{0};
};

Node c{nullptr}, b{&c}, a{&b};
std::atomic<Node*> head{&a};

Node* pop() {
  Node* first = head;
  while (first != nullptr) {
    Node* const second = first->next;
    detsim_point(&head);
    if (head.compare_exchange_strong(first, second))
      break;  // the bug: the same head, another stack
  }
  if (first != nullptr) ++first->owners;
  return first;
}

void push(Node* node) {
  --node->owners;
  node->next = head;
  while (!head.compare_exchange_weak(node->next, node)) {
  }
}

void* work(void*) {
  Node* const first = pop();
  detsim_point(&head);
  pop();  // and keeps it
  detsim_point(&head);
  if (first != nullptr) push(first);
  return nullptr;
}

}  // namespace

int main() {
  pthread_t other;
  if (pthread_create(&other, nullptr, work, nullptr) != 0) return 2;
  pop();
  pop();
  pthread_join(other, nullptr);
  const bool shared = a.owners > 1 || b.owners > 1 || c.owners > 1;
  std::printf("%s\n", shared ? "a node has two owners" : "each node has one owner at most");
  return shared ? 1 : 0;
}
