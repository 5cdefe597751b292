// How many different hashes came, in bounded memory: adaptive sampling (Wegman; Flajolet, "On
// adaptive sampling", Computing 1990). Up to half a million it counts exactly; beyond, it keeps
// those whose low bits are zero, and one more bit each time that they become too many.
#pragma once
#include <cstdint>
#include <unordered_map>

namespace detsim {

class DistinctCounter {
 public:
  void add(std::uint64_t hash) {
    ++added_;
    if ((hash & mask_) != 0) return;
    auto& seen = times_[hash];
    if (seen < 2) ++seen;
    while (times_.size() > kKeptMax) {
      mask_ = mask_ << 1 | 1;
      std::erase_if(times_, [this](const auto& entry) { return (entry.first & mask_) != 0; });
    }
  }
  /// Those of another counter, which are different ones.
  void merge(const DistinctCounter& other) {
    const auto added = added_ + other.added_;
    for (const auto& [hash, times] : other.times_) {
      for (unsigned i = 0; i < times; ++i) add(hash);
    }
    added_ = added;
  }
  std::uint64_t distinct() const { return times_.size() * (mask_ + 1); }
  /// The chance that one more is new (Good, "The population frequencies of species", Biometrika
  /// 1953): the share of those that came once.
  double chance_of_new() const {
    if (added_ == 0) return 1;
    std::uint64_t once = 0;
    for (const auto& [hash, times] : times_) once += times == 1 ? 1 : 0;
    return static_cast<double>(once * (mask_ + 1)) / static_cast<double>(added_);
  }

 private:
  static constexpr std::size_t kKeptMax = 1u << 19;
  std::uint64_t mask_ = 0;
  std::uint64_t added_ = 0;
  std::unordered_map<std::uint64_t, std::uint8_t> times_;
};

}  // namespace detsim
