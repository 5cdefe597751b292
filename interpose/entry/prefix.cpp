#include "interpose/entry/prefix.hpp"

#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/park.hpp"
#include "interpose/entry/symbols.hpp"
#include "scheduler/replay.hpp"

namespace detsim {
namespace {

std::uint64_t* random_bytes;  // AT_RANDOM of this image

std::uint32_t policy_of_prefix() {
  std::uint32_t index = 0;
  while (!strategies()[index].follows_choices) ++index;
  return index;
}

ChoiceStream stream_of_bytes(std::uint64_t seed) {
  return ChoiceStream::derive(seed, Stream::identity, current_task().ancestry);
}

// Choices that a list has for the prefix were not free there.
void skip_choices(const Scheduler& scheduler, ChoiceList* list) {
  if (list == nullptr) return;
  for (; list->next_switch < list->switch_count; ++list->next_switch) {
    auto& choice = list->switches[list->next_switch];
    if (choice.number >= scheduler.decisions) break;
    choice.value = kNoEffect;
  }
  for (; list->next_wake < list->wake_count; ++list->next_wake) {
    auto& choice = list->wakes[list->next_wake];
    if (choice.number >= scheduler.wake_draws) break;
    choice.value = kNoEffect;
  }
}

}  // namespace

void begin_prefix() {
  auto& scheduler = world().scheduler;
  prefix() = {.has_begun = true, .is_over = false, .strategy = scheduler.strategy};
  scheduler.strategy = {};
  scheduler.strategy.index = policy_of_prefix();
  scheduler.begin(kPrefixSeed);
}

void end_prefix() {
  if (prefix().is_over) return;
  park_before_seed();
  prefix().is_over = true;
  auto& w = world();
  w.scheduler.strategy = prefix().strategy;
  begin_choices(w.scheduler, w.config.seed);
  skip_choices(w.scheduler, w.scheduler.strategy.choices);
  if (random_bytes == nullptr) return;
  auto stream = stream_of_bytes(w.config.seed);
  random_bytes[0] = stream.next() & ~0xffull;
  random_bytes[1] = stream.next();
}

// The stack canary and the pointer guard (glibc, tcbhead_t) stay what they are from here on.
// Nothing was mangled or guarded with them yet that is still in use.
void fix_random_bytes(const Elf64_auxv_t* entry) {
  if (entry == nullptr) return;
  auto stream = stream_of_bytes(current_seed());
  const std::uint64_t canary = stream.next() & ~0xffull;
  const std::uint64_t guard = stream.next();
  random_bytes = reinterpret_cast<std::uint64_t*>(entry->a_un.a_val);
  random_bytes[0] = canary;
  random_bytes[1] = guard;
  __asm__ volatile("mov %0, %%fs:0x28" : : "r"(canary));
  __asm__ volatile("mov %0, %%fs:0x30" : : "r"(guard));
}

namespace {

using Main = int (*)(int, char**, char**);
using StartMain = int (*)(Main, int, char**, void*, void*, void*, void*);

Main target_main;

std::uint64_t end_on_task_stack(std::uint64_t, std::uint64_t) {
  end_prefix();
  return 0;
}

// Whether some loaded object has a call of detsim_fork_point(), which leaves a note in the object
// (include/detsim/sdk.h).
bool has_fork_point() {
  constexpr std::uint32_t fork_point_note = 1;
  ObjectWalk walk(Namespaces::own);
  ElfObject object;
  ElfNote note;
  while (walk.next(object)) {
    if (find_note(object, "detsim", fork_point_note, note)) return true;
  }
  return false;
}

int main_after_prefix(int count, char** arguments, char** environment) {
  const bool is_inside = cpu().task != nullptr && !prefix().is_over;
  if (is_inside && !has_fork_point()) end_prefix_from_target();
  return target_main(count, arguments, environment);
}

}  // namespace

void end_prefix_from_target() {
  if (cpu().task == nullptr || prefix().is_over) return;
  cpu().keeps_vector = 0;
  cpu().thread->frame = cpu().stack_top - sizeof(Frame);
  detsim_on_task_stack(end_on_task_stack, 0, 0);
}

}  // namespace detsim

// Where glibc's startup code goes: it runs the program's constructors, then `main`.
extern "C" __attribute__((visibility("default"))) int __libc_start_main(detsim::Main main,
                                                                        int count, char** arguments,
                                                                        void* begin, void* end,
                                                                        void* loader_end,
                                                                        void* stack_end) {
  using namespace detsim;
  const auto real = reinterpret_cast<StartMain>(find_next_function("__libc_start_main"));
  if (real == nullptr) __builtin_trap();
  target_main = main;
  return real(main_after_prefix, count, arguments, begin, end, loader_end, stack_end);
}
