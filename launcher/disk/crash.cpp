#include "launcher/disk/crash.hpp"

#include "launcher/disk/crash_file.hpp"

namespace detsim {
namespace {

constexpr std::uint64_t kChangesDraw = 0x6368616e676573;  // "changes"

bool keeps_everything(const DiskChange& change, const std::vector<std::uint64_t>& lost) {
  const auto keys = keys_of(change.record, change.name.c_str(), change.to_name.c_str());
  for (unsigned i = 0; i < keys.found; ++i) {
    if (std::find(lost.begin(), lost.end(), keys.finds[i]) != lost.end()) return false;
  }
  return true;
}

// Any set that has with a change all that it needs.
std::vector<bool> draw_any(const DiskHistory& history, ChoiceStream& draws) {
  constexpr std::uint64_t kAll = 8;
  // How many eighths are kept; often all of them, for it is the data then that is lost.
  constexpr std::uint64_t kShares[] = {0, 1, 4, 4, 7, 7, kAll, kAll};
  const auto share = kShares[draws.below(std::size(kShares))];
  std::vector<bool> kept;
  std::vector<std::uint64_t> lost;  // keys that were touched by what is not kept
  for (const auto& change : history.changes) {
    const bool is_lucky = draws.below(kAll) < share;
    const bool is_kept = change.is_durable() || (is_lucky && keeps_everything(change, lost));
    kept.push_back(is_kept);
    if (is_kept) continue;
    const auto keys = keys_of(change.record, change.name.c_str(), change.to_name.c_str());
    lost.insert(lost.end(), keys.touches, keys.touches + keys.touched);
  }
  return kept;
}

// All up to one, and what was made durable of those behind it.
std::vector<bool> draw_front(const DiskHistory& history, ChoiceStream& draws) {
  const auto count = history.changes.size();
  std::size_t front = 0;
  switch (draws.below(4)) {
    case 0: front = count; break;
    case 1:
      front = draws.below(8) < count ? count - draws.below(std::min<std::size_t>(count, 8)) : 0;
      break;
    default: front = draws.below(count + 1); break;
  }
  std::vector<bool> kept;
  for (std::size_t i = 0; i < count; ++i) {
    kept.push_back(i < front || history.changes[i].is_durable());
  }
  return kept;
}

// Where bytes are in one order with the changes: the last event that is kept, between the last kept
// change and the first lost one.
std::uint64_t draw_end_of_data(const DiskHistory& history, const std::vector<bool>& kept,
                               ChoiceStream& draws) {
  std::uint64_t begin = history.durable_at, end = ~0ull;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    auto& bound = kept[i] ? begin : end;
    const auto sequence = history.changes[i].record.sequence;
    bound = kept[i] ? std::max(bound, sequence) : std::min(bound, sequence);
  }
  std::vector<std::uint64_t> between{begin};
  for (const auto& [ordinal, file] : history.files) {
    for (const auto& event : file.events) {
      const auto sequence = event.record.sequence;
      if (sequence > begin && sequence < end) between.push_back(sequence);
    }
  }
  std::sort(between.begin(), between.end());
  return draws.below(3) == 0 ? between.back() : between[draws.below(between.size())];
}

}  // namespace

Crash draw_crash(const DiskHistory& history, std::uint64_t seed, std::uint64_t round,
                 const TearRules& tear) {
  const auto stream_of = [&](std::uint64_t what) {
    return ChoiceStream::derive(seed, Stream::fault, mix64(mix64(round + 1) ^ what));
  };
  Crash crash;
  auto draws = stream_of(kChangesDraw);
  const bool is_free = profile_of(history.profile).order == ChangeOrder::any;
  crash.kept = is_free ? draw_any(history, draws) : draw_front(history, draws);
  if (profile_of(history.profile).order == ChangeOrder::everything) {
    crash.data_until = draw_end_of_data(history, crash.kept, draws);
  }
  for (const auto& [ordinal, file] : history.files) {
    auto own = stream_of(mix64(ordinal));
    crash.files.emplace(ordinal, draw_file(history, crash, file, own, tear));
  }
  return crash;
}

}  // namespace detsim
