// aba.cpp without its bug: the head counts its changes, so that the same node is another head.
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <cstdio>

#include "include/detsim.h"

namespace {

struct Node {
  Node* next;
  std::atomic<int> owners{0};
};

Node nodes[3] = {{&nodes[1]}, {&nodes[2]}, {nullptr}};

// A number in place of a pointer, from 1 on, so that a count fits next to it.
struct Head {
  std::uint32_t node = 1, changes = 0;
};
std::atomic<Head> head{Head{}};

Node* node_of(Head at) { return at.node == 0 ? nullptr : &nodes[at.node - 1]; }
std::uint32_t number_of(const Node* node) {
  return node == nullptr ? 0 : static_cast<std::uint32_t>(node - nodes) + 1;
}

Node* pop() {
  Head first = head;
  while (first.node != 0) {
    const Head second{number_of(node_of(first)->next), first.changes + 1};
    detsim_point(&head);
    if (head.compare_exchange_strong(first, second)) break;
  }
  Node* const taken = node_of(first);
  if (taken != nullptr) ++taken->owners;
  return taken;
}

void push(Node* node) {
  --node->owners;
  Head first = head;
  do {
    node->next = node_of(first);
  } while (!head.compare_exchange_weak(first, {number_of(node), first.changes + 1}));
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
  bool shared = false;
  for (const auto& node : nodes) shared = shared || node.owners > 1;
  std::printf("%s\n", shared ? "a node has two owners" : "each node has one owner at most");
  return shared ? 1 : 0;
}
