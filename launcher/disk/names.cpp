#include "launcher/disk/names.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

std::string failure(const char* what, const std::string& path) {
  return fmt::format("cannot {} {}: {}", what, path, std::strerror(errno));
}

}  // namespace

DiskNames::DiskNames(DiskState& state, std::string& problem) : state_(state) {
  for (std::uint32_t i = 0; i < state.views_used; ++i) {
    struct stat status {};
    const std::string path = state.views[i].real;
    if (stat(path.c_str(), &status) != 0) {
      problem = failure("look at", path);
      return;
    }
    auto& root = *objects_.emplace_back(std::make_unique<Object>());
    root.is_directory = true;
    root.name = path;
    by_identity_[{status.st_dev, status.st_ino}] = &root;
    roots_.push_back(&root);
    read(root, problem);
  }
}

void DiskNames::read(Object& directory, std::string& problem) {
  const auto path = path_of(directory);
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(path.c_str()), closedir);
  if (opened == nullptr) {
    problem = failure("list", path);
    return;
  }
  while (const auto* entry = readdir(opened.get())) {
    const std::string name = entry->d_name;
    struct stat status {};
    if (name == "." || name == "..") continue;
    if (fstatat(dirfd(opened.get()), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    auto& known = by_identity_[{status.st_dev, status.st_ino}];
    if (known == nullptr) {
      known = objects_.emplace_back(std::make_unique<Object>()).get();
      known->is_directory = S_ISDIR(status.st_mode);
      known->mode = status.st_mode;
      known->parent = &directory;
      known->name = name;
      if (known->is_directory) read(*known, problem);
    }
    directory.entries[name] = known;
  }
  directory.entries_before = directory.entries;
}

DiskNames::Object* DiskNames::object_of(std::uint32_t number) const {
  if (const auto found = removed_.find(number); found != removed_.end()) return found->second;
  const auto& node = node_at(state_, number);
  if (!node.is_known) return nullptr;
  const auto found = by_identity_.find({node.device, node.number});
  return found == by_identity_.end() ? nullptr : found->second;
}

// What has no name any more: a file in its grave, or a directory that has to be made anew.
DiskNames::Object* DiskNames::object_of_removed(std::uint32_t number, std::uint32_t mode) {
  if (auto* known = object_of(number)) return known;
  auto& object = *objects_.emplace_back(std::make_unique<Object>());
  object.mode = mode;
  if (node_at(state_, number).in_grave) {
    object.name = fmt::format("{}/{}", state_.own, number);
  } else {
    object.is_directory = true;
    object.exists = false;
  }
  removed_[number] = &object;
  return &object;
}

void DiskNames::undo(const DiskChange& change) {
  const auto& record = change.record;
  if (record.kind == ChangeKind::resize || record.kind == ChangeKind::flush) return;
  auto* from = object_of_removed(record.directory, 0755);
  auto* node = object_of_removed(record.node, record.mode);
  switch (record.kind) {
    case ChangeKind::add:  // in place of another one: half of a rename
      from->entries.erase(change.name);
      if (record.replaced != 0) {
        from->entries[change.name] = object_of_removed(record.replaced, record.mode);
      }
      break;
    case ChangeKind::remove: from->entries[change.name] = node; break;
    case ChangeKind::move: {
      auto* to = object_of_removed(record.to_directory, 0755);
      if (record.replaced != 0) {
        to->entries[change.to_name] = object_of_removed(record.replaced, record.mode);
      } else {
        to->entries.erase(change.to_name);
      }
      from->entries[change.name] = node;
      break;
    }
    case ChangeKind::exchange: {
      auto* to = object_of_removed(record.to_directory, 0755);
      to->entries[change.to_name] = object_of_removed(record.replaced, record.mode);
      from->entries[change.name] = node;
      break;
    }
    default: break;
  }
}

std::string DiskNames::path_of(const Object& object) {
  if (object.parent == nullptr) return object.name;
  return path_of(*object.parent) + "/" + object.name;
}

std::string DiskNames::path_of_node(std::uint32_t node) const {
  const auto* object = object_of(node);
  if (object != nullptr && object->exists) return path_of(*object);
  return node_at(state_, node).in_grave ? fmt::format("{}/{}", state_.own, node) : "";
}

void DiskNames::collect(const Object& directory, std::set<const Object*>& found) const {
  if (!found.insert(&directory).second) return;
  for (const auto& [name, object] : directory.entries) {
    object->is_directory ? collect(*object, found) : void(found.insert(object));
  }
}

bool DiskNames::is_reachable(std::uint32_t node) const {
  std::set<const Object*> found;
  for (const auto* root : roots_) collect(*root, found);
  return found.contains(object_of(node));
}

std::string DiskNames::carry_out() {
  // Everything that is not where it belongs is taken out first, so that nothing is in the way.
  const auto count = objects_.size();
  for (std::size_t i = 0; i < count; ++i) {
    auto& object = *objects_[i];
    if (!object.is_directory || !object.exists) continue;
    if (auto problem = move_away(object); !problem.empty()) return problem;
  }
  for (auto* root : roots_) {
    if (auto problem = put_in_place(*root); !problem.empty()) return problem;
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state_.own, error)) {
    if (entry.path().filename() != kOverflowName) fs::remove_all(entry.path(), error);
  }
  return "";
}

std::string DiskNames::move_away(Object& directory) {
  for (const auto& [name, object] : directory.entries_before) {
    const auto wanted = directory.entries.find(name);
    if (wanted != directory.entries.end() && wanted->second == object) continue;
    const auto path = path_of(directory) + "/" + name;
    auto away = fmt::format("{}/away-{}", state_.own, moved_away_++);
    if (rename(path.c_str(), away.c_str()) != 0) return failure("move", path);
    const bool was_here = object->parent == &directory && object->name == name;
    if (was_here || object->is_directory) {
      object->parent = nullptr;
      object->name = std::move(away);
    }
  }
  return "";
}

std::string DiskNames::put_in_place(Object& directory) {
  for (const auto& [name, object] : directory.entries) {
    const auto before = directory.entries_before.find(name);
    const bool is_there = directory.entries_before.end() != before && before->second == object;
    if (!is_there) {
      if (auto problem = place(directory, name, *object); !problem.empty()) return problem;
    }
    if (object->is_directory) {
      if (auto problem = put_in_place(*object); !problem.empty()) return problem;
    }
  }
  return "";
}

std::string DiskNames::place(Object& directory, const std::string& name, Object& object) {
  const auto path = path_of(directory) + "/" + name;
  if (!object.is_directory) {
    const auto source = path_of(object);
    return link(source.c_str(), path.c_str()) == 0 ? "" : failure("bring back", path);
  }
  if (!object.exists) {
    if (mkdir(path.c_str(), object.mode & 07777) != 0) return failure("make", path);
    chmod(path.c_str(), object.mode & 07777);
  } else if (rename(path_of(object).c_str(), path.c_str()) != 0) {
    return failure("bring back", path);
  }
  object.exists = true;
  object.parent = &directory;
  object.name = name;
  return "";
}

}  // namespace detsim
