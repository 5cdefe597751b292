#include "trace/diff.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "trace/words.hpp"

namespace detsim {

std::optional<std::uint64_t> first_difference(const TraceReader& a, const TraceReader& b) {
  const auto common = std::min(a.count(), b.count());
  for (std::uint64_t i = 0; i < common; ++i) {
    if (!(a.event(i) == b.event(i))) return i;
  }
  if (a.count() == b.count()) return std::nullopt;
  return common;
}

namespace {

void print_side(const TraceReader& side, const char* name, std::uint64_t at, std::FILE* out) {
  const auto text = at < side.count() ? line(side.event(at), at)
                    : side.lost() > 0 ? std::string("(its trace was cut short)")
                                      : fmt::format("(ended: {})", side.outcome());
  fmt::print(out, "  {:<8}{}\n", name, text);
}

}  // namespace

void print_difference(const TraceReader& a, const TraceReader& b, std::uint64_t at, DiffNames names,
                      std::uint64_t context, std::FILE* out) {
  const auto from = at - std::min(at, context);
  for (auto i = from; i < at; ++i) fmt::print(out, "  {:<8}{}\n", "", line(a.event(i), i));
  print_side(a, names.a, at, out);
  print_side(b, names.b, at, out);
}

}  // namespace detsim
