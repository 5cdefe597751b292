#include "faultplan/disk/changes.hpp"

#include "scheduler/choice.hpp"

namespace detsim {
namespace {

enum class Role : std::uint64_t { name = 1, directory, inside, size };

std::uint64_t key(Role role, std::uint32_t node, std::uint64_t more = 0) {
  return mix64(mix64(more + static_cast<std::uint64_t>(role)) + node) | 1;
}

std::uint64_t name_key(std::uint32_t directory, const char* name, unsigned bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (unsigned i = 0; i < bytes; ++i) {
    hash = (hash ^ static_cast<unsigned char>(name[i])) * 0x100000001b3u;
  }
  return key(Role::name, directory, mix64(hash));
}

struct Builder {
  ChangeKeys keys;
  void both(std::uint64_t key) {
    keys.touches[keys.touched++] = key;
    keys.finds[keys.found++] = key;
  }
  void works_in(std::uint32_t directory) {
    keys.finds[keys.found++] = key(Role::directory, directory);
    keys.touches[keys.touched++] = key(Role::inside, directory);
  }
  void changes_directory(std::uint32_t node) {
    both(key(Role::directory, node));
    keys.finds[keys.found++] = key(Role::inside, node);
  }
};

}  // namespace

ChangeKeys keys_of(const ChangeRecord& change, const char* name, const char* to_name) {
  Builder builder;
  if (change.kind == ChangeKind::flush) return builder.keys;
  if (change.kind == ChangeKind::resize) {
    builder.both(key(Role::size, change.node));
    return builder.keys;
  }
  builder.both(name_key(change.directory, name, change.name_bytes));
  builder.works_in(change.directory);
  if (change.kind == ChangeKind::move || change.kind == ChangeKind::exchange) {
    builder.both(name_key(change.to_directory, to_name, change.to_name_bytes));
    if (change.to_directory != change.directory) builder.works_in(change.to_directory);
  }
  if ((change.flags & kChangeOfDirectory) != 0) builder.changes_directory(change.node);
  if ((change.flags & kChangeReplacesDirectory) != 0) builder.changes_directory(change.replaced);
  return builder.keys;
}

}  // namespace detsim
