// Choice streams: the only source of variation in a run.
//
// Every decision is one bounded draw from a named stream. Streams are independent of each other
// (derived from the seed by name and by the ancestry of the task that draws), so that drawing
// more from one never moves another: switching a fault on does not reshuffle the schedule.
#pragma once
#include <cstdint>

namespace detsim {

/// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", OOPSLA 2014): a bijection on 64 bits with full avalanche.
constexpr std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

enum class Stream : std::uint64_t { schedule = 1, wake, data, identity, network, fault, branch };

/// A SplitMix64 generator. Own generator and own distribution, because those of the standard
/// library differ between implementations.
struct ChoiceStream {
  std::uint64_t state = 0;

  static constexpr ChoiceStream derive(std::uint64_t seed, Stream name,
                                       std::uint64_t ancestry = 0) {
    const auto named = mix64(seed + 0x9e3779b97f4a7c15u * static_cast<std::uint64_t>(name));
    return {mix64(named ^ mix64(ancestry + 0x632be59bd9b4e019u))};
  }

  constexpr std::uint64_t next() { return mix64(state += 0x9e3779b97f4a7c15u); }

  /// A uniform draw from [0, bound), bound > 0, without bias (Lemire, "Fast random integer
  /// generation in an interval", TOMACS 2019).
  constexpr std::uint64_t below(std::uint64_t bound) {
    auto product = static_cast<unsigned __int128>(next()) * bound;
    auto low = static_cast<std::uint64_t>(product);
    if (low < bound) {
      const auto threshold = (0 - bound) % bound;
      while (low < threshold) {
        product = static_cast<unsigned __int128>(next()) * bound;
        low = static_cast<std::uint64_t>(product);
      }
    }
    return static_cast<std::uint64_t>(product >> 64);
  }
};

}  // namespace detsim
