// Every sector of a file has gone through some of the file's events, in order. What is on the disk
// is its state after the first so many of them: its cut. The profile says between which bounds each
// cut lies; the size has a cut of its own. A cut is carried out by undoing what is behind it, from
// the last event on.
#include "launcher/disk/crash_file.hpp"

#include <optional>
#include <set>

namespace detsim {
namespace {

constexpr std::uint64_t kPageBytes = 4096;

enum class Verdict : std::uint8_t { free, required, impossible };

// What holds for each event alone.
std::vector<Verdict> judge(const DiskHistory& history, const Crash& crash,
                           const FileHistory& file) {
  const auto& kept = crash.kept;
  const auto& profile = profile_of(history.profile);
  const bool is_ordered = profile.order != ChangeOrder::any;
  std::uint64_t first_lost = ~0ull, flushed = file.flushed_at;
  std::set<std::uint64_t> lost_resizes;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto& change = history.changes[i].record;
    if (!kept[i] && is_ordered) first_lost = std::min(first_lost, change.sequence);
    if (change.node != file.node) continue;
    if (change.kind == ChangeKind::resize && !kept[i]) lost_resizes.insert(change.sequence);
    if (change.kind == ChangeKind::flush && kept[i]) flushed = std::max(flushed, change.sequence);
  }
  std::vector<Verdict> verdicts;
  bool has_failed = false;
  for (const auto& event : file.events) {
    const auto& record = event.record;
    has_failed = has_failed || record.kind == FileEventKind::failed;
    const bool resizes =
        record.kind == FileEventKind::truncate || record.kind == FileEventKind::punch;
    const bool waits =
        is_ordered && (record.kind == FileEventKind::extend || profile.data == DataOrder::ordered);
    auto verdict = Verdict::free;
    if (record.kind == FileEventKind::synced_range) {
      verdict = has_failed ? Verdict::free : Verdict::required;
    } else if (resizes) {
      verdict = lost_resizes.contains(record.sequence) ? Verdict::impossible : Verdict::required;
    } else if ((record.flags & kRecordDurable) != 0) {
      verdict = Verdict::required;
    } else if (profile.order == ChangeOrder::everything) {
      verdict = record.sequence <= crash.data_until ? Verdict::required : Verdict::impossible;
    } else if (waits && record.sequence > first_lost) {
      verdict = Verdict::impossible;
    } else if (record.kind == FileEventKind::extend && record.sequence < flushed) {
      verdict = Verdict::required;
    }
    verdicts.push_back(verdict);
  }
  return verdicts;
}

// Bounds of a cut through these events: at least `low` of them, at most `high`. What was synced is
// there whatever came before it. `never` may be another cut: see cut_that_never_came().
struct Bounds {
  std::size_t low = 0, high = 0;
  std::optional<std::size_t> never = std::nullopt;
  std::size_t lowest() const { return never.value_or(low); }
};
Bounds bounds_of(const std::vector<Verdict>& verdicts, const std::vector<std::size_t>& events) {
  Bounds bounds{0, events.size()};
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (verdicts[events[i]] == Verdict::required) bounds.low = i + 1;
  }
  for (auto i = bounds.low; i < events.size(); ++i) {
    if (verdicts[events[i]] != Verdict::impossible) continue;
    bounds.high = i;
    break;
  }
  return bounds;
}

// What was appended and not yet allocated a place on the disk stays without one when the file is
// cut off in the middle of its sector: the size is durable then, and the bytes before it are not
// (ext4, delayed allocation; data=journal has none). The cut before it was appended; nullopt: there
// is none.
std::optional<std::size_t> cut_that_never_came(const FileHistory& file, ProfileId profile,
                                               const std::vector<Verdict>& verdicts,
                                               const std::vector<std::size_t>& events,
                                               std::uint64_t sector) {
  if (profile != ProfileId::ext4_ordered && profile != ProfileId::posix_strict) return {};
  bool is_cut_off = false;
  for (auto i = events.size(); i-- > 0;) {
    const auto& record = file.events[events[i]].record;
    const bool shrinks = record.kind == FileEventKind::truncate && record.image_bytes != 0 &&
                         record.offset > sector * kSectorBytes;
    if (record.kind == FileEventKind::extend && record.offset <= sector * kSectorBytes) {
      const bool is_free = verdicts[events[i]] == Verdict::free;
      return is_cut_off && is_free ? std::optional(i) : std::nullopt;
    }
    if (verdicts[events[i]] == Verdict::required && !shrinks) return {};
    is_cut_off |= shrinks;
  }
  return {};
}

// After a failed sync, which pages a later one wrote: those that were touched in between, with all
// that was done to them before. Per page, before which event that sync was.
std::map<std::uint64_t, std::size_t> written_pages(const FileHistory& file) {
  std::map<std::uint64_t, std::size_t> pages;
  std::size_t touched_from = 0;
  bool has_failed = false;
  for (std::size_t i = 0; i < file.events.size(); ++i) {
    const auto& sync = file.events[i];
    const auto kind = sync.record.kind;
    if (kind == FileEventKind::failed) touched_from = i, has_failed = true;
    const bool is_of_range = kind == FileEventKind::synced_range;
    if (!has_failed || (kind != FileEventKind::synced && !is_of_range)) continue;
    for (auto touched = touched_from; touched < i; ++touched) {
      const auto& event = file.events[touched];
      const auto end = (event.end() + kPageBytes - 1) / kPageBytes;
      for (auto page = event.record.offset / kPageBytes; page < end; ++page) {
        const auto at = page * kPageBytes;
        if (!is_of_range || (at >= sync.record.offset && at < sync.end())) pages[page] = i;
      }
    }
    if (!is_of_range) touched_from = i;
  }
  return pages;
}

enum class Mood : std::uint8_t { newest, oldest, front, any };
constexpr std::uint64_t kMoods = 4;

class Drawing {
 public:
  Drawing(const DiskHistory& history, const Crash& crash, const FileHistory& file,
          ChoiceStream& draws, const TearRules& tear)
      : file_(file),
        draws_(draws),
        profile_(history.profile),
        verdicts_(judge(history, crash, file)),
        written_(written_pages(file)),
        mood_(tear.fronts ? Mood::front : static_cast<Mood>(draws.below(kMoods))),
        grain_(std::max<std::uint64_t>(profile_of(history.profile).grain_bytes, tear.unit_bytes)),
        unit_(std::max<std::uint64_t>(tear.unit_bytes, kSectorBytes)),
        has_garbage_(tear.fill == TearRules::Filling::garbage ||
                     (tear.fill == TearRules::Filling::profile &&
                      profile_of(history.profile).fill == Fill::garbage)),
        size_with_data_(tear.size_with_data) {}

  FileFate draw() {
    fate_.node = file_.node;
    draw_size();
    front_ = draws_.below(fate_.size / kSectorBytes + 2);
    sweep();
    undo();
    return std::move(fate_);
  }

 private:
  void draw_size() {
    std::vector<std::size_t> events;
    for (std::size_t i = 0; i < file_.events.size(); ++i) {
      const auto kind = file_.events[i].record.kind;
      if (kind == FileEventKind::extend || kind == FileEventKind::truncate) events.push_back(i);
    }
    auto bounds = bounds_of(verdicts_, events);
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i] < last_sync() && i < bounds.high) bounds.low = std::max(bounds.low, i + 1);
    }
    const auto size_at = [&](std::size_t cut) {
      if (cut != 0) return file_.events[events[cut - 1]].size_after();
      return events.empty() ? file_.size : file_.events[events[0]].record.size_before;
    };
    const auto mood = draws_.below(4);
    auto cut = mood == 0   ? bounds.high
               : mood == 1 ? bounds.low
                           : bounds.low + draws_.below(bounds.high - bounds.low + 1);
    fate_.size = size_at(cut);
    if (mood < 2 || cut == bounds.low) return;
    const auto& last = file_.events[events[cut - 1]];
    if (last.record.kind == FileEventKind::extend) fate_.size = draw_size_within(last);
  }

  // The size is written with the file's other metadata, even if a sync of its bytes failed.
  std::size_t last_sync() const {
    std::size_t last = 0;
    for (std::size_t i = 0; i < file_.events.size(); ++i) {
      if (file_.events[i].record.kind == FileEventKind::synced) last = i;
    }
    return last;
  }

  // Its pages may have been written one by one, or between two of its writes.
  std::uint64_t draw_size_within(const FileEvent& event) {
    const auto begin = event.record.offset, end = event.end();
    std::vector<std::uint64_t> sizes{end};
    for (const auto size : file_.sizes) {
      if (size > begin && size < end) sizes.push_back(size);
    }
    const auto first_page = begin / kPageBytes + 1, end_page = (end - 1) / kPageBytes;
    const auto pages = end_page >= first_page ? end_page - first_page + 1 : 0;
    const auto choice = draws_.below(sizes.size() + pages);
    if (choice < sizes.size()) return sizes[choice];
    return (first_page + choice - sizes.size()) * kPageBytes;
  }

  // Goes along the file: between two points the same events concern all sectors.
  void sweep() {
    std::map<std::uint64_t, std::vector<std::pair<std::size_t, bool>>> points;
    for (std::size_t i = 0; i < file_.events.size(); ++i) {
      const auto begin = file_.events[i].record.offset / kSectorBytes;
      const auto end = (file_.events[i].end() + kSectorBytes - 1) / kSectorBytes;
      if (begin == end) continue;
      points[begin].emplace_back(i, true);
      points[end].emplace_back(i, false);
    }
    std::set<std::size_t> active;
    std::uint64_t from = 0;
    for (const auto& [point, what] : points) {
      if (!active.empty()) draw_sectors(from, point, {active.begin(), active.end()});
      for (const auto& [event, begins] : what) {
        begins ? void(active.insert(event)) : void(active.erase(event));
      }
      from = point;
    }
  }

  // Sectors that were newly allocated are written by the block, others each by itself.
  void draw_sectors(std::uint64_t from, std::uint64_t to, const std::vector<std::size_t>& events) {
    const auto bounds = bounds_of(verdicts_, events);
    const auto& first = file_.events[events[0]].record;
    for (auto sector = from; sector < to;) {
      const auto page_begin = sector * kSectorBytes / grain_ * grain_;
      const bool is_new = first.kind == FileEventKind::extend && first.offset <= page_begin;
      const auto grain = is_new ? grain_ : unit_;
      const auto end = std::min(to, (sector * kSectorBytes / grain + 1) * (grain / kSectorBytes));
      auto within = bounds_within(bounds, sector, events);
      if (!size_with_data_ && !written_.contains(sector * kSectorBytes / kPageBytes)) {
        within.never = cut_that_never_came(file_, profile_, verdicts_, events, sector);
      }
      if (first.kind == FileEventKind::extend && size_with_data_) within.low = within.high;
      const auto cut = draw_cut(sector, within);
      if (cut < events.size()) cuts_.push_back({sector, end, events[cut], draws_.next()});
      sector = end;
    }
  }

  Bounds bounds_within(Bounds bounds, std::uint64_t sector,
                       const std::vector<std::size_t>& events) const {
    const auto page = written_.find(sector * kSectorBytes / kPageBytes);
    if (page == written_.end()) return bounds;
    const auto before = std::lower_bound(events.begin(), events.end(), page->second);
    const auto low = static_cast<std::size_t>(before - events.begin());
    bounds.low = std::min(std::max(bounds.low, low), bounds.high);
    return bounds;
  }

  std::size_t draw_cut(std::uint64_t sector, const Bounds& bounds) {
    switch (mood_) {
      case Mood::newest: return bounds.high;
      case Mood::oldest: return bounds.lowest();
      case Mood::front: return sector < front_ ? bounds.high : bounds.lowest();
      case Mood::any: break;
    }
    const auto cuts = bounds.high - bounds.low + 1;
    const auto cut = draws_.below(cuts + (bounds.never ? 1 : 0));
    return cut == cuts ? *bounds.never : bounds.low + cut;
  }

  struct Cut {
    std::uint64_t from, to;  // sectors
    std::size_t event;       // the first that is undone there
    std::uint64_t garbage;   // seed of what is there where nothing ever was
  };

  void undo() {
    for (const auto& cut : cuts_) {
      for (auto i = file_.events.size(); i-- > cut.event;) undo_in(file_.events[i], cut);
    }
  }

  void undo_in(const FileEvent& event, const Cut& cut) {
    const auto begin = std::max(event.record.offset, cut.from * kSectorBytes);
    const auto end = std::min({event.end(), cut.to * kSectorBytes, fate_.size});
    if (begin >= end) return;
    Edit edit{begin, std::vector<std::uint8_t>(end - begin)};
    const bool had_bytes = event.record.image_bytes != 0;
    if (had_bytes) {
      const auto from =
          event.image.begin() + static_cast<std::ptrdiff_t>(begin - event.record.offset);
      std::copy(from, from + static_cast<std::ptrdiff_t>(end - begin), edit.bytes.begin());
    } else if (has_garbage_ && event.record.kind == FileEventKind::extend) {
      fill_with_garbage(edit, cut.garbage);
    }
    fate_.edits.push_back(std::move(edit));
  }

  // Half of the time zeros.
  static void fill_with_garbage(Edit& edit, std::uint64_t seed) {
    if ((seed & 1) == 0) return;
    ChoiceStream bytes{seed};
    for (auto& byte : edit.bytes) byte = static_cast<std::uint8_t>(bytes.next());
  }

  const FileHistory& file_;
  ChoiceStream& draws_;
  const ProfileId profile_;
  const std::vector<Verdict> verdicts_;
  const std::map<std::uint64_t, std::size_t> written_;
  const Mood mood_;
  const std::uint64_t grain_, unit_;
  const bool has_garbage_, size_with_data_;
  std::uint64_t front_ = 0;
  std::vector<Cut> cuts_;
  FileFate fate_;
};

}  // namespace

FileFate draw_file(const DiskHistory& history, const Crash& crash, const FileHistory& file,
                   ChoiceStream& draws, const TearRules& tear) {
  return Drawing(history, crash, file, draws, tear).draw();
}

}  // namespace detsim
