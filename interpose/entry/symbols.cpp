// One exported function per row of symbols.def. Uncontended, a lock and its unlocking are what a
// program does most, so as long as there is no choice to make, the point is a handful of loads on
// the caller's own stack; the arguments stay in their registers and the real function is reached
// by a jump.
//
// Before the constructor has run, and when there is no world, a symbol is the real function.
#include "interpose/entry/symbols.hpp"

#include "interpose/base/log.hpp"
#include "interpose/calls/clock.hpp"
#include "interpose/calls/signals.hpp"
#include "interpose/entry/elf_walk.hpp"
#include "interpose/entry/spin.hpp"
#include "interpose/entry/switch.hpp"

extern "C" void detsim_null_call();

namespace detsim {
namespace {

using Word = std::uint64_t;
using Function = Word (*)(Word, Word, Word, Word);  // none takes more

enum Row : unsigned {
#define POINT(name, kind) row_##name,
#define TRY(name, kind) row_##name,
#define SPIN(name, attempt) row_##name,
#define OWN(name)
#include "interpose/entry/symbols.def"
#undef OWN
#undef POINT
#undef TRY
#undef SPIN
  row_count
};

constexpr const char* kNames[row_count] = {
#define POINT(name, kind) #name,
#define TRY(name, kind) #name,
#define SPIN(name, attempt) #name,
#define OWN(name)
#include "interpose/entry/symbols.def"
#undef OWN
#undef POINT
#undef TRY
#undef SPIN
};

Function real[row_count];

// Virtual cost of an operation that did not wait. An unlock is paid for with its lock: the clock is
// the longest chain of dependent loads and stores here, and this halves it.
constexpr std::uint64_t kPointNs = 40;
constexpr std::uint64_t cost_of(OperationKind kind) {
  return kind == OperationKind::unlock ? 0 : kPointNs;
}

// Not at start: libc may come later (a program that loads everything by hand), or lack one.
[[gnu::cold, gnu::noinline]] void find_late(Row row) {
  find_real_functions(nullptr);
  if (real[row] == nullptr) fatal("no library defines ", kNames[row]);
}

std::uint64_t point_on_task_stack(std::uint64_t kind, std::uint64_t object) {
  scheduling_point({static_cast<OperationKind>(kind), object});
  return 0;
}

// The frame that detsim_on_task_stack leaves is what reports unwind.
std::uint64_t on_task_stack(std::uint64_t (*function)(std::uint64_t, std::uint64_t),
                            std::uint64_t a, std::uint64_t b) {
  cpu().keeps_vector = 0;
  cpu().thread->frame = cpu().stack_top - sizeof(Frame);
  const auto result = detsim_on_task_stack(function, a, b);
  if (has_deliverable_signal()) detsim_null_call();
  return result;
}

// Whether more is to be done than to charge the operation.
[[gnu::always_inline]] inline bool is_plain(OperationKind kind) {
  Task* me = cpu().task;
  if (me == nullptr) [[unlikely]]
    return false;
  if (cost_of(kind) != 0) {
    me->clock_reads = 0;
    charge(*me, cost_of(kind));
  }
  const auto& scheduler = world().scheduler;
  return scheduler.runnable_count + scheduler.spinners <= 1 && !is_due() &&
         !cpu().thread->signals_due;
}

void point(Row row, OperationKind kind, Word object) {
  if (cpu().task != nullptr) return point_from_target({kind, object});
  if (real[row] == nullptr) find_late(row);
}

template <Row row, OperationKind kind>
[[gnu::noinline]] Word call_after_point(Word a, Word b, Word c, Word d) {
  point(row, kind, a);
  return real[row](a, b, c, d);
}

// What a failed try may be polling for is another task's doing: as with clocks, others get their
// turn and time moves on, however the program polls.
[[gnu::noinline]] void failed_try(Word object) {
  if (charge_polling()) point_from_target({OperationKind::yield, object});
}

template <Row row, OperationKind kind>
Word try_after_point(Word a, Word b) {
  const auto polled = cpu().task != nullptr ? cpu().task->clock_reads : 0;
  if (!is_plain(kind)) point(row, kind, a);
  const auto result = real[row](a, b, 0, 0);
  if (static_cast<std::uint32_t>(result) != 0 && cpu().task != nullptr) {
    cpu().task->clock_reads = polled;
    failed_try(a);
  }
  return result;
}

std::uint64_t wait_for_unlock(std::uint64_t object, std::uint64_t) {
  SpinWords reads;
  reads.count = 1;
  reads.words[0] = {object & ~7ull, 0xffffffffull << (object % 8 * 8), 0};
  wait_for_change(reads);
  return 0;
}

// An unlock need not pass through here, so the lock's bytes are what a spinning task waits for.
Word spin(Row row, Row try_row, Word object) {
  if (!is_plain(OperationKind::lock)) point(row, OperationKind::lock, object);
  if (cpu().task == nullptr) return real[row](object, 0, 0, 0);
  while (static_cast<std::uint32_t>(real[try_row](object, 0, 0, 0)) != 0) {
    on_task_stack(wait_for_unlock, object, 0);
  }
  return 0;
}

}  // namespace

void find_real_functions(const Elf64_auxv_t* auxiliary) {
  find_objects(auxiliary);
  for (unsigned row = 0; row < row_count; ++row) {
    real[row] = reinterpret_cast<Function>(find_next_function(kNames[row]));
  }
}

void point_from_target(Operation operation) {
  on_task_stack(point_on_task_stack, static_cast<std::uint64_t>(operation.kind), operation.object);
}

}  // namespace detsim

#define EXPORTED extern "C" __attribute__((visibility("default")))
#define POINT(name, kind)                                                                      \
  EXPORTED detsim::Word name(detsim::Word a, detsim::Word b, detsim::Word c, detsim::Word d) { \
    using namespace detsim;                                                                    \
    if (is_plain(OperationKind::kind)) [[likely]] {                                            \
      return real[row_##name](a, b, c, d);                                                     \
    }                                                                                          \
    return call_after_point<row_##name, OperationKind::kind>(a, b, c, d);                      \
  }
#define TRY(name, kind)                                                                    \
  EXPORTED detsim::Word name(detsim::Word a, detsim::Word b) {                             \
    return detsim::try_after_point<detsim::row_##name, detsim::OperationKind::kind>(a, b); \
  }
#define SPIN(name, try_name)                                            \
  EXPORTED detsim::Word name(detsim::Word a) {                          \
    return detsim::spin(detsim::row_##name, detsim::row_##try_name, a); \
  }
#define OWN(name)
#include "interpose/entry/symbols.def"
#undef OWN
