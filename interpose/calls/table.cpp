// The table as it is compiled in: one row per number, made from calls.def.
#include <asm-generic/errno.h>

#include <type_traits>
#include <utility>

#include "interpose/base/raw.hpp"
#include "interpose/calls/call.hpp"

namespace detsim {
namespace {

// Takes a handler's arguments out of the registers, by the handler's own signature.
template <typename... Arguments, std::size_t... I>
long unpack(long (*handler)(Arguments...), Frame& f, std::index_sequence<I...>) {
  [[maybe_unused]] const std::uint64_t registers[6] = {f.rdi, f.rsi, f.rdx, f.r10, f.r8, f.r9};
  return handler((Arguments)registers[I]...);
}

template <auto handler, typename Signature = decltype(handler)>
struct Adapter;
template <auto handler, typename... Arguments>
struct Adapter<handler, long (*)(Arguments...)> {
  static_assert(sizeof...(Arguments) <= 6);
  static long call(Frame& f) {
    return unpack(handler, f, std::make_index_sequence<sizeof...(Arguments)>());
  }
};

long pass(Frame& f) {
  return raw(static_cast<long>(f.number), f.rdi, f.rsi, f.rdx, f.r10, f.r8, f.r9);
}

long refuse(Frame& f) { return -call_of(f.number).error; }

long unknown(Frame&) { return -ENOSYS; }

constexpr Call kUnknown{.name = "?", .words = "not in the table", .handler = unknown};

struct Table {  // std::array brings in what clang will not compile without vector registers
  Call rows[kCallsMax];
};

constexpr Table make_table() {
  Table made{};
  auto& table = made.rows;
  for (auto& call : table) call = kUnknown;
#define MODEL(name, parameters, seen, words)                                               \
  table[__NR_##name] = {#name,      words, Adapter<&model::name>::call, Support::modelled, \
                        Seen::seen, 0};
#define PASS(name, seen, words) \
  table[__NR_##name] = {#name, words, pass, Support::passed, Seen::seen, 0};
#define REFUSE(name, error, words) \
  table[__NR_##name] = {#name, words, refuse, Support::refused, Seen::by_nobody, error};
#include "interpose/calls/calls.def"
#undef MODEL
#undef PASS
#undef REFUSE
  return made;
}

constexpr auto kTable = make_table();

}  // namespace

const Call& call_of(std::uint64_t number) {
  return number < kCallsMax ? kTable.rows[number] : kUnknown;
}

}  // namespace detsim
