#include "reference.hpp"

#include <algorithm>
#include <filesystem>

namespace detsim {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSector = 512, kPage = 4096;

std::string written(std::string content, std::uint64_t offset, const std::string& data) {
  if (content.size() < offset + data.size()) content.resize(offset + data.size());
  return content.replace(offset, data.size(), data);
}

std::string sector_of(const std::string& content, std::uint64_t sector) {
  auto text = content.size() > sector * kSector ? content.substr(sector * kSector, kSector) : "";
  text.resize(kSector);
  return text;
}

}  // namespace

Reference::Reference(ProfileId profile) : profile_(profile) {
  inodes_.push_back({.is_directory = true, .events = {}, .names = {}});
}

int Reference::find(const std::string& path) const {
  int at = 0;
  for (const auto& part : fs::path(path)) {
    const auto& names = inodes_[static_cast<std::size_t>(at)].names;
    const auto found = names.find(part.string());
    if (found == names.end()) return -1;
    at = found->second;
  }
  return at;
}

int Reference::parent(const std::string& path) const {
  return find(fs::path(path).parent_path().string());
}

void Reference::change(Change change) {
  change.moment = ++moment_;
  last_grown_ = -1;
  for (const auto& [place, inode] : change.names) {
    auto& directory = inodes_[static_cast<std::size_t>(place.first)];
    directory.changed = moment_;
    change.parents.insert(place.first);
    if (inode < 0) {
      directory.names.erase(place.second);
    } else {
      directory.names[place.second] = inode;
    }
  }
  changes_.push_back(std::move(change));
}

void Reference::carry_out(const Operation& o) {
  const int there = find(o.path), other = find(o.other);
  const auto name = fs::path(o.path).filename().string();
  const auto other_name = fs::path(o.other).filename().string();
  const auto inode = [this](int at) -> Inode& { return inodes_[static_cast<std::size_t>(at)]; };
  const auto directories_of = [&](int at) {
    return at >= 0 && inode(at).is_directory ? std::set<int>{at} : std::set<int>{};
  };
  switch (o.step) {
    case Step::write: return write(o);
    case Step::truncate: {
      auto after = inode(there).events.empty() ? "" : inode(there).events.back().after;
      const auto before = after.size();
      after.resize(o.offset);
      event(there, Kind::resize, std::min<std::uint64_t>(before, o.offset),
            std::max<std::uint64_t>(before, o.offset), after);
      if (o.offset == 0) inode(there).was_emptied = true;
      --moment_;  // event and change are one
      return change({.kind = Change::resize, .inode = there});
    }
    case Step::punch: {
      auto after = inode(there).events.back().after;
      const auto end = std::min<std::uint64_t>(after.size(), o.offset + o.bytes);
      after.replace(o.offset, end - o.offset, std::string(end - o.offset, 0));
      event(there, Kind::punch, o.offset, end, after);
      --moment_;
      return change({.kind = Change::resize, .inode = there});
    }
    case Step::rename: {
      const bool flushes = other >= 0 && !inode(there).is_directory && inode(there).has_grown &&
                           profile_of(profile_).flushes;
      if (flushes) change({.kind = Change::flush, .inode = there});
      auto directories = directories_of(there);
      directories.merge(directories_of(other));
      change({.kind = Change::set_names,
              .names = {{{parent(o.path), name}, -1}, {{parent(o.other), other_name}, there}},
              .directories = directories,
              .inode = there});
      inode(there).changed = moment_;
      if (other >= 0) inode(other).changed = moment_;
      return;
    }
    case Step::remove:
    case Step::remove_directory:
      change({.kind = Change::set_names,
              .names = {{{parent(o.path), name}, -1}},
              .directories = directories_of(there),
              .inode = there});
      inode(there).changed = moment_;
      return;
    case Step::link:
      change({.kind = Change::set_names,
              .names = {{{parent(o.other), other_name}, there}},
              .inode = there});
      inode(there).changed = moment_;
      return;
    case Step::make_directory: {
      inodes_.push_back({.is_directory = true, .events = {}, .names = {}});
      const int made = static_cast<int>(inodes_.size()) - 1;
      change({.kind = Change::set_names,
              .names = {{{parent(o.path), name}, made}},
              .directories = {made},
              .inode = made});
      inode(made).changed = moment_;
      return;
    }
    case Step::sync:
    case Step::sync_directory: return sync(there, false);
    case Step::sync_data: return sync(there, true);
    case Step::store: return store(o);
    case Step::sync_range: return sync_range(there, o.offset, o.offset + o.bytes);
    case Step::sync_all:
      for (auto& each : inodes_) {
        each.synced = each.events.size();
        each.has_grown = false;
      }
      for (auto& each : changes_) each.is_durable = true;
      last_grown_ = -1;
      ++moment_;
      return;
    case Step::close:
      if (inode(there).was_emptied && profile_of(profile_).flushes) {
        inode(there).was_emptied = false;
        if (inode(there).has_grown) change({.kind = Change::flush, .inode = there});
      }
  }
}

void Reference::event(int at, Kind kind, std::uint64_t begin, std::uint64_t end,
                      std::string after) {
  auto& inode = inodes_[static_cast<std::size_t>(at)];
  const bool prolongs =
      kind == Kind::extend && last_grown_ == at && inode.synced < inode.events.size();
  if (prolongs) {
    auto& last = inode.events.back();
    last.sizes.insert(last.end);
    last.end = end;
    last.after = std::move(after);
  } else {
    inode.events.push_back({kind, ++moment_, begin, end, std::move(after), {}});
  }
  inode.changed = inode.events.back().moment;
  if (kind != Kind::overwrite) inode.resized = inode.changed;
  if (kind == Kind::extend) inode.has_grown = true;
  last_grown_ = kind == Kind::extend ? at : -1;
}

void Reference::write(const Operation& o) {
  int at = find(o.path);
  if (at < 0) {
    inodes_.push_back({.is_directory = false, .events = {}, .names = {}});
    at = static_cast<int>(inodes_.size()) - 1;
    change({.kind = Change::set_names,
            .names = {{{parent(o.path), fs::path(o.path).filename().string()}, at}},
            .inode = at});
    inodes_.back().changed = moment_;
  }
  if (o.bytes == 0) return;
  const auto content = [&]() -> std::string {
    const auto& events = inodes_[static_cast<std::size_t>(at)].events;
    return events.empty() ? "" : events.back().after;
  };
  const auto before = content();
  const auto size = before.size();
  const auto end = o.offset + o.bytes;
  if (o.offset < size) {
    const auto below = std::min<std::uint64_t>(end, size);
    event(at, Kind::overwrite, o.offset, below,
          written(before, o.offset, std::string(below - o.offset, o.letter)));
  }
  if (end > size) {
    const auto from = std::max<std::uint64_t>(size, o.offset);
    event(at, Kind::extend, size, end, written(content(), from, std::string(end - from, o.letter)));
  }
}

void Reference::store(const Operation& o) {
  const int at = find(o.path);
  const auto& before = inodes_[static_cast<std::size_t>(at)].events.back().after;
  const auto end = std::min<std::uint64_t>(before.size(), o.offset + o.bytes);
  event(at, Kind::overwrite, o.offset, end,
        written(before, o.offset, std::string(end - o.offset, o.letter)));
}

void Reference::sync_range(int at, std::uint64_t begin, std::uint64_t end) {
  auto& inode = inodes_[static_cast<std::size_t>(at)];
  const auto is_within = [&](const Event& each) { return each.begin >= begin && each.end <= end; };
  const auto first = inode.events.begin() + static_cast<std::ptrdiff_t>(inode.synced);
  if (std::all_of(first, inode.events.end(), is_within)) return sync(at, true);
  sync_changes(at, true);
  inode.synced_ranges.push_back({inode.events.size(), begin, end});
}

void Reference::sync(int at, bool data_only) {
  auto& inode = inodes_[static_cast<std::size_t>(at)];
  sync_changes(at, data_only);
  inode.synced = inode.events.size();
  inode.has_grown = false;
  if (last_grown_ == at) last_grown_ = -1;
}

void Reference::sync_changes(int at, bool data_only) {
  const auto& inode = inodes_[static_cast<std::size_t>(at)];
  const auto& rules = profile_of(profile_);
  if (rules.sync == SyncReach::earlier) {
    const auto until = inode.has_grown ? moment_ : data_only ? inode.resized : inode.changed;
    for (auto& change : changes_) change.is_durable |= change.moment <= until;
  } else {
    const bool with_names = rules.sync == SyncReach::names && !data_only;
    make_durable([&](const Change& change) {
      if (change.kind != Change::set_names) return change.inode == at;
      return (with_names && change.inode == at) || change.parents.contains(at);
    });
  }
}

bool Reference::needs(const Change& later, const Change& earlier) const {
  if (later.kind == Change::flush || earlier.kind == Change::flush) return false;
  if (later.kind == Change::resize || earlier.kind == Change::resize) {
    return later.kind == earlier.kind && later.inode == earlier.inode;
  }
  for (const auto& [place, inode] : later.names) {
    for (const auto& [before, other] : earlier.names) {
      if (place == before) return true;
    }
  }
  for (const int made : earlier.directories) {
    if (later.directories.contains(made) || later.parents.contains(made)) return true;
  }
  for (const int moved : later.directories) {
    if (earlier.parents.contains(moved)) return true;
  }
  return false;
}

void Reference::make_durable(const std::function<bool(const Change&)>& wanted) {
  std::vector<bool> marked(changes_.size());
  for (auto i = changes_.size(); i-- > 0;) {
    marked[i] = wanted(changes_[i]);
    for (auto j = i + 1; j < changes_.size() && !marked[i]; ++j) {
      marked[i] = marked[j] && needs(changes_[j], changes_[i]);
    }
  }
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (marked[i]) changes_[i].is_durable = true;
  }
}

void Reference::each_kept(const std::function<bool(const Kept&)>& visit) const {
  std::vector<std::size_t> open;
  Kept kept(changes_.size(), true);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (!changes_[i].is_durable) open.push_back(i);
  }
  if (profile_of(profile_).order != ChangeOrder::any) {
    for (auto front = open.size() + 1; front-- > 0;) {
      if (front < open.size()) kept[open[front]] = false;
      if (!visit(kept)) return;
    }
    return;
  }
  for (std::uint64_t set = 0; set < (1ull << open.size()); ++set) {
    for (std::size_t i = 0; i < open.size(); ++i) kept[open[i]] = (set >> i & 1) != 0;
    bool is_closed = true;
    for (const auto later : open) {
      for (std::size_t i = 0; i < later && kept[later]; ++i) {
        is_closed = is_closed && (kept[i] || !needs(changes_[later], changes_[i]));
      }
    }
    if (is_closed && !visit(kept)) return;
  }
}

std::map<std::string, int> Reference::names(const Kept& kept) const {
  std::map<int, std::map<std::string, int>> directories;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (!kept[i]) continue;
    for (const auto& [place, inode] : changes_[i].names) {
      if (inode < 0) {
        directories[place.first].erase(place.second);
      } else {
        directories[place.first][place.second] = inode;
      }
    }
  }
  std::map<std::string, int> found;
  const std::function<void(int, const std::string&)> walk = [&](int at, const std::string& path) {
    for (const auto& [name, inode] : directories[at]) {
      found[path + name] = inode;
      if (inodes_[static_cast<std::size_t>(inode)].is_directory) walk(inode, path + name + "/");
    }
  };
  walk(0, "");
  return found;
}

std::vector<Reference::Verdict> Reference::judge(int at, const Kept& kept) const {
  const auto& inode = inodes_[static_cast<std::size_t>(at)];
  const auto& rules = profile_of(profile_);
  std::size_t first_lost = ~std::size_t{0}, flushed = 0;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (!kept[i]) first_lost = std::min(first_lost, changes_[i].moment);
    const bool flushes = changes_[i].kind == Change::flush && changes_[i].inode == at;
    if (flushes && kept[i]) flushed = std::max(flushed, changes_[i].moment);
  }
  std::vector<Verdict> verdicts;
  for (std::size_t i = 0; i < inode.events.size(); ++i) {
    const auto& event = inode.events[i];
    const bool is_ordered = rules.order != ChangeOrder::any &&
                            (event.kind == Kind::extend || rules.data == DataOrder::ordered);
    auto verdict = Verdict::free;
    if (event.kind == Kind::resize || event.kind == Kind::punch) {
      for (std::size_t j = 0; j < changes_.size(); ++j) {
        if (changes_[j].kind != Change::resize || changes_[j].moment != event.moment) continue;
        verdict = kept[j] ? Verdict::required : Verdict::impossible;
      }
    } else if (i < inode.synced) {
      verdict = Verdict::required;
    } else if (is_ordered && event.moment > first_lost) {
      verdict = Verdict::impossible;
    } else if (event.kind == Kind::extend && event.moment < flushed) {
      verdict = Verdict::required;
    }
    verdicts.push_back(verdict);
  }
  return verdicts;
}

std::pair<std::size_t, std::size_t> Reference::bounds(
    const std::vector<Verdict>& verdicts, const std::vector<std::size_t>& events) const {
  std::size_t low = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (verdicts[events[i]] == Verdict::impossible) return {low, i};
    if (verdicts[events[i]] == Verdict::required) low = i + 1;
  }
  return {low, events.size()};
}

std::set<std::uint64_t> Reference::sizes(int at, const Kept& kept) const {
  const auto& inode = inodes_[static_cast<std::size_t>(at)];
  const auto verdicts = judge(at, kept);
  std::vector<std::size_t> resizing;
  for (std::size_t i = 0; i < inode.events.size(); ++i) {
    const auto kind = inode.events[i].kind;
    if (kind == Kind::extend || kind == Kind::resize) resizing.push_back(i);
  }
  const auto [low, high] = bounds(verdicts, resizing);
  std::set<std::uint64_t> sizes;
  for (auto cut = low; cut <= high; ++cut) {
    sizes.insert(cut == 0 ? 0 : inode.events[resizing[cut - 1]].after.size());
    if (cut == low) continue;
    const auto& last = inode.events[resizing[cut - 1]];
    if (last.kind != Kind::extend) continue;
    sizes.insert(last.sizes.begin(), last.sizes.end());
    const bool is_ext4 = profile_ == ProfileId::ext4_ordered || profile_ == ProfileId::ext4_journal;
    for (const auto& each : inode.events) {
      const bool is_within = each.end > last.begin && each.end < last.end;
      if (is_ext4 && each.kind == Kind::punch && is_within) sizes.insert(each.end);
    }
    for (auto page = last.begin / kPage + 1; page * kPage < last.end; ++page) {
      sizes.insert(page * kPage);
    }
  }
  return sizes;
}

std::vector<std::string> Reference::sector_values(int at, const Kept& kept, std::uint64_t sector,
                                                  bool& may_be_garbage) const {
  const auto& inode = inodes_[static_cast<std::size_t>(at)];
  std::vector<std::size_t> touching;
  for (std::size_t i = 0; i < inode.events.size(); ++i) {
    const auto& event = inode.events[i];
    const bool touches = event.begin < (sector + 1) * kSector && event.end > sector * kSector;
    if (touches && event.begin != event.end) touching.push_back(i);
  }
  auto [low, high] = bounds(judge(at, kept), touching);
  for (const auto& range : inode.synced_ranges) {
    if (range.begin >= (sector + 1) * kSector || range.end <= sector * kSector) continue;
    const auto behind = std::lower_bound(touching.begin(), touching.end(), range.events);
    low = std::max(low, static_cast<std::size_t>(behind - touching.begin()));
    high = std::max(low, high);
  }
  std::vector<std::string> values;
  may_be_garbage = false;
  // What was appended, has no place on the disk yet, and is cut off in the middle of this sector.
  const auto verdicts = judge(at, kept);
  const bool delays = profile_ == ProfileId::ext4_ordered || profile_ == ProfileId::posix_strict;
  bool is_cut_off = false;
  for (auto i = delays ? touching.size() : 0; i-- > 0;) {
    const auto& event = inode.events[touching[i]];
    const bool shrinks = event.kind == Kind::resize && event.after.size() == event.begin &&
                         event.begin > sector * kSector;
    if (event.kind == Kind::extend && event.begin <= sector * kSector) {
      const bool is_free = verdicts[touching[i]] == Verdict::free;
      if (!is_cut_off || !is_free) break;
      values.push_back(sector_of(i == 0 ? "" : inode.events[touching[i - 1]].after, sector));
      may_be_garbage |= profile_of(profile_).fill == Fill::garbage;
      break;
    }
    if (verdicts[touching[i]] == Verdict::required && !shrinks) break;
    is_cut_off |= shrinks;
  }
  for (auto cut = low; cut <= high; ++cut) {
    values.push_back(sector_of(cut == 0 ? "" : inode.events[touching[cut - 1]].after, sector));
    const bool grows = cut < touching.size() && inode.events[touching[cut]].kind == Kind::extend;
    may_be_garbage |= grows && profile_of(profile_).fill == Fill::garbage;
  }
  return values;
}

bool Reference::is_content(int at, const Kept& kept, const std::string& content) const {
  if (!sizes(at, kept).contains(content.size())) return false;
  const auto& inode = inodes_[static_cast<std::size_t>(at)];
  for (std::uint64_t sector = 0; sector * kSector < content.size(); ++sector) {
    bool may_be_garbage;
    const auto values = sector_values(at, kept, sector, may_be_garbage);
    const auto have = content.substr(sector * kSector, kSector);
    const bool is_one = std::any_of(values.begin(), values.end(), [&](const std::string& value) {
      if (value.compare(0, have.size(), have) == 0) return true;
      if (!may_be_garbage) return false;
      // Garbage where some state had not reached.
      for (std::size_t i = 0; i < have.size(); ++i) {
        const bool never = std::any_of(inode.events.begin(), inode.events.end(), [&](auto& event) {
          return event.kind == Kind::extend && event.begin <= sector * kSector + i &&
                 sector * kSector + i < event.end;
        });
        if (have[i] != value[i] && !never) return false;
      }
      return true;
    });
    if (!is_one) return false;
  }
  return true;
}

bool Reference::may_be(const Contents& found, std::string& why) const {
  bool is_legal = false;
  why = "no set of changes leaves these names";
  each_kept([&](const Kept& kept) {
    const auto wanted = names(kept);
    if (wanted.size() != found.size()) return true;
    for (const auto& [path, inode] : wanted) {
      const auto have = found.find(path);
      const bool is_directory = inodes_[static_cast<std::size_t>(inode)].is_directory;
      if (have == found.end() || (have->second == "/") != is_directory) return true;
    }
    for (const auto& [path, inode] : wanted) {
      if (inodes_[static_cast<std::size_t>(inode)].is_directory) continue;
      if (is_content(inode, kept, found.at(path))) continue;
      why = path + " cannot hold this";
      return true;
    }
    is_legal = true;
    return false;
  });
  return is_legal;
}

std::set<std::string> Reference::contents(int at, const Kept& kept, std::size_t max) const {
  std::set<std::string> all;
  for (const auto size : sizes(at, kept)) {
    std::set<std::string> some{""};
    for (std::uint64_t sector = 0; sector * kSector < size; ++sector) {
      bool may_be_garbage;
      std::set<std::string> longer;
      for (const auto& value : sector_values(at, kept, sector, may_be_garbage)) {
        for (const auto& front : some) longer.insert((front + value).substr(0, size));
      }
      some = std::move(longer);
      if (some.size() > max) return some;
    }
    all.merge(some);
  }
  return all;
}

std::set<Contents> Reference::all(std::size_t max) const {
  std::set<Contents> states;
  each_kept([&](const Kept& kept) {
    std::set<Contents> some{{}};
    std::map<int, std::string> first;  // another name of a file has the same contents
    for (const auto& [path, inode] : names(kept)) {
      std::set<Contents> more;
      if (inodes_[static_cast<std::size_t>(inode)].is_directory) {
        for (auto state : some) more.insert((state[path] = "/", state));
      } else if (first.contains(inode)) {
        for (auto state : some) more.insert((state[path] = state[first[inode]], state));
      } else {
        first[inode] = path;
        for (const auto& content : contents(inode, kept, max)) {
          for (auto state : some) more.insert((state[path] = content, state));
        }
      }
      some = std::move(more);
      if (some.size() > max) break;
    }
    states.merge(some);
    return states.size() <= max;
  });
  return states;
}

Contents Reference::visible() const {
  Contents contents;
  for (const auto& [path, inode] : names(Kept(changes_.size(), true))) {
    const auto& what = inodes_[static_cast<std::size_t>(inode)];
    contents[path] = what.is_directory ? "/" : what.events.empty() ? "" : what.events.back().after;
  }
  return contents;
}

}  // namespace detsim
