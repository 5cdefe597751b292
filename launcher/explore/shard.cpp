#include "launcher/explore/shard.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace detsim {
namespace {

constexpr std::uint64_t kShardsMax = 1'000'000;

Parsed<Shard> shard_of(const char* name, std::uint64_t index, std::uint64_t count) {
  Parsed<Shard> parsed;
  parsed.value = {index, count, name};
  if (index == 0 || index > count) {
    parsed.problem =
        fmt::format("{} asks for shard {} of {}, which there is not", name, index, count);
  }
  return parsed;
}

}  // namespace

Parsed<Shard> parse_shard(const std::string& text) {
  Parsed<Shard> parsed;
  const auto slash = text.find('/');
  const auto first = text.substr(0, slash);
  const auto count = parse_number(slash == text.npos ? "" : text.substr(slash + 1), 1, kShardsMax);
  const bool is_auto = first == "auto";
  const auto index = is_auto ? Parsed<std::uint64_t>{} : parse_number(first, 1, kShardsMax);
  if (!count || !index || index.value > count.value) {
    parsed.problem = fmt::format("'{}' is no shard such as 3/200 or auto/200", text);
    return parsed;
  }
  parsed.value = {index.value, count.value, {}};
  return parsed;
}

Parsed<Shard> find_shard(std::uint64_t count,
                         const std::function<const char*(const char*)>& variable) {
  const auto number = [&](const char* name, std::uint64_t otherwise) {
    const char* text = variable(name);
    const auto parsed = parse_number(text == nullptr ? "" : text, 0, ~0ull - 1);
    return parsed ? parsed.value : otherwise;
  };
  if (variable("SLURM_ARRAY_TASK_ID") != nullptr) {
    const auto index = number("SLURM_ARRAY_TASK_ID", 0);
    // When some numbers are sent again, the array is those alone: then the caller knows how many
    // there are, and they count from 1. Otherwise sbatch(1) has the first, the step, the count.
    if (count != 0) return shard_of("SLURM_ARRAY_TASK_ID", index, count);
    const auto first = number("SLURM_ARRAY_TASK_MIN", 1);
    const auto step = std::max<std::uint64_t>(number("SLURM_ARRAY_TASK_STEP", 1), 1);
    return shard_of("SLURM_ARRAY_TASK_ID", (index - first) / step + 1,
                    number("SLURM_ARRAY_TASK_COUNT", 0));
  }
  Parsed<Shard> none;
  if (count == 0) return none;
  if (variable("JOB_COMPLETION_INDEX") != nullptr) {
    return shard_of("JOB_COMPLETION_INDEX", number("JOB_COMPLETION_INDEX", count) + 1, count);
  }
  if (variable("PARALLEL_SEQ") != nullptr) {
    return shard_of("PARALLEL_SEQ", number("PARALLEL_SEQ", 0), count);
  }
  none.problem =
      "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX nor PARALLEL_SEQ says which shard this "
      "is";
  return none;
}

}  // namespace detsim
