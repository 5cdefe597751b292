// What a disk may have forgotten, said again in the plainest way: everything that happened since
// the beginning, with what each file held after each of its events; and all that could be left.
// it.
//
// Nothing is taken out when it becomes durable, nothing is undone, and every set of changes is
// tried. It shares no code with the model.
#pragma once
#include <functional>
#include <set>

#include "small_disk.hpp"

namespace detsim {

class Reference {
 public:
  explicit Reference(ProfileId profile);
  /// Operations that made sense, in order.
  void carry_out(const Operation& operation);
  /// What is visible.
  Contents visible() const;
  /// Whether the disk may look like this after a loss of power; if not, `why` says.
  bool may_be(const Contents& contents, std::string& why) const;
  /// All that it may look like, if that is not more than `max`; garbage is left out.
  std::set<Contents> all(std::size_t max) const;

 private:
  enum class Kind { overwrite, extend, resize, punch };
  struct Event {
    Kind kind;
    std::size_t moment;             // of all that happened
    std::uint64_t begin, end;       // bytes that it concerns
    std::string after;              // what the file held then
    std::set<std::uint64_t> sizes;  // that it may have had on the way
  };
  struct Inode {
    bool is_directory = false;
    std::vector<Event> events;
    std::size_t synced = 0;  // so many events are durable
    struct Range {
      std::size_t events;        // so many are durable as far as they lie
      std::uint64_t begin, end;  // here
    };
    std::vector<Range> synced_ranges = {};
    bool has_grown = false;                // since the last sync
    bool was_emptied = false;              // and not closed since
    std::size_t changed = 0, resized = 0;  // moments
    std::map<std::string, int> names;      // of a directory, as visible
  };
  struct Change {
    std::size_t moment = 0;
    enum { set_names, resize, flush } kind = set_names;
    // (directory, name) and what is there afterwards; -1: nothing
    std::vector<std::pair<std::pair<int, std::string>, int>> names = {};
    std::set<int> directories = {};  // that are made, moved or removed
    std::set<int> parents = {};
    int inode = -1;
    bool is_durable = false;
  };
  using Kept = std::vector<bool>;

  int find(const std::string& path) const;
  int parent(const std::string& path) const;
  void change(Change change);
  void write(const Operation& operation);
  void event(int inode, Kind kind, std::uint64_t begin, std::uint64_t end, std::string after);
  void store(const Operation& operation);
  void sync(int inode, bool data_only);
  void sync_changes(int inode, bool data_only);
  void sync_range(int inode, std::uint64_t begin, std::uint64_t end);
  bool needs(const Change& later, const Change& earlier) const;
  void make_durable(const std::function<bool(const Change&)>& wanted);
  void each_kept(const std::function<bool(const Kept&)>& visit) const;
  std::map<std::string, int> names(const Kept& kept) const;

  enum class Verdict { free, required, impossible };
  std::vector<Verdict> judge(int inode, const Kept& kept) const;
  std::pair<std::size_t, std::size_t> bounds(const std::vector<Verdict>& verdicts,
                                             const std::vector<std::size_t>& events) const;
  std::set<std::uint64_t> sizes(int inode, const Kept& kept) const;
  /// The events that concern a sector, and between how many of them its cut lies.
  std::vector<std::string> sector_values(int inode, const Kept& kept, std::uint64_t sector,
                                         bool& may_be_garbage) const;
  bool is_content(int inode, const Kept& kept, const std::string& content) const;
  std::set<std::string> contents(int inode, const Kept& kept, std::size_t max) const;

  ProfileId profile_;
  std::vector<Inode> inodes_;
  std::vector<Change> changes_;
  std::size_t moment_ = 0;
  int last_grown_ = -1;  // whose growing was the last that happened
};

}  // namespace detsim
