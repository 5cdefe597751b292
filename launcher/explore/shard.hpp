// A part of an exploration, for one of several machines: the seeds are dealt out
// one by one.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "launcher/values.hpp"

namespace detsim {

struct Shard {
  std::uint64_t index = 1, count = 1;  // from 1 on
  std::string source;                  // the variable that it follows from; empty: none
  friend bool operator==(const Shard& a, const Shard& b) {
    return a.index == b.index && a.count == b.count;
  }
};

/// "3/200", or "auto/200" for a number that a job scheduler tells (find_shard()); then `index` is
/// 0.
Parsed<Shard> parse_shard(const std::string& text);

/// The shard that the environment asks for: an array job of Slurm, an indexed job of Kubernetes,
/// GNU parallel. `count`: how many there are; 0: only Slurm tells, and without it there is one,
/// this. `variable` is getenv.
Parsed<Shard> find_shard(std::uint64_t count,
                         const std::function<const char*(const char*)>& variable);

/// How many of `runs` are its own, and the number of the `nth` (from 0) among all of them.
constexpr std::uint64_t runs_of(const Shard& shard, std::uint64_t runs) {
  return runs / shard.count + (shard.index - 1 < runs % shard.count ? 1 : 0);
}
constexpr std::uint64_t number_of(const Shard& shard, std::uint64_t nth) {
  return nth * shard.count + shard.index - 1;
}

}  // namespace detsim
