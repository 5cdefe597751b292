// Where two runs part: the first event that differs.
#pragma once
#include <cstdint>
#include <cstdio>
#include <optional>

#include "trace/reader.hpp"

namespace detsim {

/// The number of the first event that differs in any field, or that only one of them has;
/// nullopt when all are equal.
std::optional<std::uint64_t> first_difference(const TraceReader& a, const TraceReader& b);

/// How the two sides are called in what is printed.
struct DiffNames {
  const char* a = "a";
  const char* b = "b";
};

/// Prints up to `context` common events before event number `at`, and that event of both sides.
void print_difference(const TraceReader& a, const TraceReader& b, std::uint64_t at, DiffNames names,
                      std::uint64_t context, std::FILE* out);

}  // namespace detsim
