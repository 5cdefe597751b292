#include "small_disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "launcher/disk/stores.hpp"
#include "scheduler/invariant.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

bool look_at(const std::string& path, struct stat& status) {
  return lstat(path.c_str(), &status) == 0;
}

std::string last_of(const std::string& path) { return fs::path(path).filename().string(); }

}  // namespace

std::string text_of(const Operation& o) {
  constexpr const char* kNames[] = {"write",  "truncate",  "punch",          "rename",
                                    "remove", "link",      "make_directory", "remove_directory",
                                    "sync",   "sync_data", "sync_directory", "sync_all",
                                    "close",  "store",     "sync_range"};
  return fmt::format("{} '{}' '{}' {} {} {}", kNames[static_cast<int>(o.step)], o.path, o.other,
                     o.offset, o.bytes, o.letter);
}

SmallDisk::SmallDisk(ProfileId profile) {
  const char* given = std::getenv("TMPDIR");
  base_ = std::string(given != nullptr ? given : "/tmp") + "/detsim-disk-XXXXXX";
  DETSIM_INVARIANT(mkdtemp(base_.data()) != nullptr);
  root_ = base_ + "/root";
  own_ = base_ + "/own";
  void* at = mmap(nullptr, sizeof(DiskState), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  DETSIM_INVARIANT(at != MAP_FAILED);
  state_ = static_cast<DiskState*>(at);
  clear(profile);
}

SmallDisk::~SmallDisk() {
  munmap(state_, sizeof(DiskState));
  fs::remove_all(base_);
}

void SmallDisk::clear(ProfileId profile) {
  madvise(state_, sizeof(DiskState), MADV_REMOVE);
  fs::remove_all(root_);
  fs::remove_all(own_);
  fs::create_directory(root_);
  fs::create_directory(own_);
  prepare_disk(*state_, {{"/disk", root_}}, own_, profile);
}

DiskNode* SmallDisk::node_of(const std::string& path) {
  struct stat status {};
  if (!look_at(real(path), status)) return nullptr;
  if (auto* node = find_node(*state_, status.st_dev, status.st_ino)) return node;
  const auto kind = S_ISDIR(status.st_mode) ? NodeKind::directory : NodeKind::file;
  return &make_node(*state_, kind, status.st_dev, status.st_ino,
                    static_cast<std::uint64_t>(status.st_size));
}

DiskNode* SmallDisk::parent_of(const std::string& path) {
  return node_of(fs::path(path).parent_path().string());
}

bool SmallDisk::bury(const std::string& path) {
  struct stat status {};
  if (!look_at(real(path), status) || S_ISDIR(status.st_mode)) return false;
  auto* node = node_of(path);
  if (status.st_nlink != (node->is_mapped ? 2 : 1)) return false;
  node->in_grave = true;
  if (node->is_mapped) return true;
  const auto grave = fmt::format("{}/{}", own_, number_of(*state_, *node));
  DETSIM_INVARIANT(::link(real(path).c_str(), grave.c_str()) == 0);
  return true;
}

void SmallDisk::empty_graves() {
  while (const auto number = take_released(*state_)) {
    fs::remove(fmt::format("{}/{}", own_, number));
  }
}

bool SmallDisk::carry_out(const Operation& operation) {
  switch (operation.step) {
    case Step::write: return write(operation);
    case Step::truncate:
    case Step::punch: return resize(operation);
    case Step::rename: return rename(operation);
    case Step::remove:
    case Step::remove_directory: return remove(operation);
    case Step::link: return link(operation);
    case Step::make_directory: return make_directory(operation);
    case Step::store: return store(operation);
    case Step::sync_range: return sync_range(operation);
    case Step::close: {
      auto* node = node_of(operation.path);
      if (node == nullptr || node->kind != NodeKind::file) return false;
      note_closed(*state_, *node);
      return true;
    }
    default: return sync(operation);
  }
}

bool SmallDisk::write(const Operation& o) {
  struct stat status {};
  const bool exists = look_at(real(o.path), status);
  if (exists && !S_ISREG(status.st_mode)) return false;
  const int fd = open(real(o.path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  if (!exists) {
    fstat(fd, &status);
    if (auto* stale = find_node(*state_, status.st_dev, status.st_ino)) {
      hide_node(*state_, *stale);
    }
    auto& node = make_node(*state_, NodeKind::file, status.st_dev, status.st_ino, 0);
    note_change(*state_, {.kind = ChangeKind::add,
                          .node = &node,
                          .directory = parent_of(o.path),
                          .name = last_of(o.path).c_str()});
  }
  auto& node = *node_of(o.path);
  note_stores(node);
  if (o.bytes != 0) {
    FileRecord* image = nullptr;
    ChunkList before;
    if (o.offset < node.size) {
      image = keep_image(*state_, node, FileEventKind::overwrite, o.offset,
                         std::min(o.bytes, node.size - o.offset), before,
                         [fd](std::uint8_t* to, std::uint64_t offset, std::uint64_t count) {
                           return pread(fd, to, count, static_cast<off_t>(offset)) ==
                                  static_cast<ssize_t>(count);
                         });
    }
    const std::string data(o.bytes, o.letter);
    DETSIM_INVARIANT(pwrite(fd, data.data(), data.size(), static_cast<off_t>(o.offset)) ==
                     static_cast<ssize_t>(data.size()));
    note_written(*state_, node, image, o.offset, o.bytes, false);
  }
  close(fd);
  learn(node);
  return true;
}

// As the shim does: the file has a name in `own`, and a copy of what is known of it.
bool SmallDisk::store(const Operation& o) {
  auto* node = node_of(o.path);
  if (node == nullptr || node->kind != NodeKind::file || o.offset >= node->size) return false;
  if (!node->is_followed) {
    const auto name = fmt::format("{}/{}", own_, number_of(*state_, *node));
    DETSIM_INVARIANT(::link(real(o.path).c_str(), name.c_str()) == 0);
    node->is_mapped = node->is_followed = true;
    node->followed_end = 1 << 20;
    learn(*node);
  }
  const std::string data(std::min(o.bytes, node->size - o.offset), o.letter);
  const int fd = open(real(o.path).c_str(), O_RDWR | O_CLOEXEC);
  DETSIM_INVARIANT(pwrite(fd, data.data(), data.size(), static_cast<off_t>(o.offset)) ==
                   static_cast<ssize_t>(data.size()));
  close(fd);
  return true;
}

bool SmallDisk::sync_range(const Operation& o) {
  auto* node = node_of(o.path);
  if (node == nullptr || !node->is_followed || o.bytes == 0) return false;
  DETSIM_INVARIANT(note_stores_to(*state_, *node, o.offset, o.offset + o.bytes).empty());
  note_range_synced(*state_, *node, o.offset, o.offset + o.bytes);
  return true;
}

void SmallDisk::note_stores(DiskNode& node) {
  DETSIM_INVARIANT(note_stores_to(*state_, node).empty());
}

void SmallDisk::learn(const DiskNode& node) {
  if (!node.is_followed) return;
  const auto name = fmt::format("{}/{}", own_, number_of(*state_, node));
  const auto known = fmt::format("{}/known-{}", own_, number_of(*state_, node));
  fs::copy_file(name, known, fs::copy_options::overwrite_existing);
}

bool SmallDisk::resize(const Operation& o) {
  struct stat status {};
  if (!look_at(real(o.path), status) || !S_ISREG(status.st_mode)) return false;
  auto& node = *node_of(o.path);
  const bool punches = o.step == Step::punch;
  if (punches ? o.offset >= node.size || o.bytes == 0 : o.offset == node.size) return false;
  note_stores(node);
  const int fd = open(real(o.path).c_str(), O_RDWR | O_CLOEXEC);
  const auto read = [fd](std::uint8_t* to, std::uint64_t offset, std::uint64_t count) {
    return pread(fd, to, count, static_cast<off_t>(offset)) == static_cast<ssize_t>(count);
  };
  ChunkList before;
  const auto behind = node.size > o.offset ? node.size - o.offset : 0;
  auto& image = *keep_image(*state_, node, punches ? FileEventKind::punch : FileEventKind::truncate,
                            o.offset, punches ? std::min(behind, o.bytes) : behind, before, read);
  if (punches) {
    const std::string zeros(image.length, 0);
    DETSIM_INVARIANT(pwrite(fd, zeros.data(), zeros.size(), static_cast<off_t>(o.offset)) ==
                     static_cast<ssize_t>(zeros.size()));
    note_punched(*state_, node, image);
  } else {
    DETSIM_INVARIANT(ftruncate(fd, static_cast<off_t>(o.offset)) == 0);
    note_resized(*state_, node, image, o.offset);
  }
  close(fd);
  learn(node);
  return true;
}

bool SmallDisk::rename(const Operation& o) {
  struct stat from {
  }, to{};
  if (!look_at(real(o.path), from)) return false;
  const bool replaces = look_at(real(o.other), to);
  if (replaces && from.st_ino == to.st_ino) return false;
  auto* node = node_of(o.path);
  auto* replaced = replaces ? node_of(o.other) : nullptr;
  auto* directory = parent_of(o.path);
  auto* to_directory = parent_of(o.other);
  const bool is_buried = replaces && bury(o.other);
  if (::rename(real(o.path).c_str(), real(o.other).c_str()) != 0) {
    if (is_buried) {
      replaced->in_grave = false;
      if (!replaced->is_mapped)
        fs::remove(fmt::format("{}/{}", own_, number_of(*state_, *replaced)));
    }
    return false;
  }
  const bool is_directory = S_ISDIR(from.st_mode);
  note_change(*state_, {.kind = ChangeKind::move,
                        .node = node,
                        .directory = directory,
                        .to_directory = to_directory,
                        .replaced = replaced,
                        .of_directory = is_directory,
                        .replaces_directory = replaces && is_directory,
                        .mode = to.st_mode,
                        .name = last_of(o.path).c_str(),
                        .to_name = last_of(o.other).c_str()});
  if (replaces && is_directory) hide_node(*state_, *replaced);
  return true;
}

bool SmallDisk::remove(const Operation& o) {
  struct stat status {};
  if (!look_at(real(o.path), status)) return false;
  const bool is_directory = S_ISDIR(status.st_mode);
  if (is_directory != (o.step == Step::remove_directory)) return false;
  auto* node = node_of(o.path);
  auto* directory = parent_of(o.path);
  if (is_directory) {
    if (rmdir(real(o.path).c_str()) != 0) return false;
  } else {
    bury(o.path);
    ::unlink(real(o.path).c_str());
  }
  note_change(*state_, {.kind = ChangeKind::remove,
                        .node = node,
                        .directory = directory,
                        .of_directory = is_directory,
                        .mode = status.st_mode,
                        .name = last_of(o.path).c_str()});
  if (is_directory) hide_node(*state_, *node);
  return true;
}

bool SmallDisk::link(const Operation& o) {
  struct stat status {};
  if (!look_at(real(o.path), status) || S_ISDIR(status.st_mode)) return false;
  auto* node = node_of(o.path);
  if (::link(real(o.path).c_str(), real(o.other).c_str()) != 0) return false;
  note_change(*state_, {.kind = ChangeKind::add,
                        .node = node,
                        .directory = parent_of(o.other),
                        .name = last_of(o.other).c_str()});
  return true;
}

bool SmallDisk::make_directory(const Operation& o) {
  if (mkdir(real(o.path).c_str(), 0755) != 0) return false;
  struct stat status {};
  look_at(real(o.path), status);
  if (auto* stale = find_node(*state_, status.st_dev, status.st_ino)) hide_node(*state_, *stale);
  auto& node = make_node(*state_, NodeKind::directory, status.st_dev, status.st_ino, 0);
  note_change(*state_, {.kind = ChangeKind::add,
                        .node = &node,
                        .directory = parent_of(o.path),
                        .of_directory = true,
                        .mode = status.st_mode,
                        .name = last_of(o.path).c_str()});
  return true;
}

bool SmallDisk::sync(const Operation& o) {
  if (o.step == Step::sync_all) {
    DETSIM_INVARIANT(note_last_stores(*state_).empty());
    note_all_synced(*state_);
  } else {
    auto* node = node_of(o.path);
    const auto wanted = o.step == Step::sync_directory ? NodeKind::directory : NodeKind::file;
    if (node == nullptr || node->kind != wanted) return false;
    note_stores(*node);
    note_synced(*state_, *node, o.step == Step::sync_data ? SyncKind::data : SyncKind::all);
  }
  empty_graves();
  return true;
}

PowerCut SmallDisk::lose_power(std::uint64_t seed, const TearRules& tear) {
  return resolve_power_loss(*state_, seed, 0, tear);
}

Contents read_contents(const std::string& directory) {
  Contents contents;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    auto& content = contents[fs::relative(entry.path(), directory).string()];
    if (entry.is_directory()) {
      content = "/";
      continue;
    }
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    content = text.str();
  }
  return contents;
}

}  // namespace detsim
