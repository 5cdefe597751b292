// `put DIR`: many unsynced puts over several logs, and a synced one behind them. `check DIR`: what
// was put before the synced one must be there if that is (google/leveldb#193): 1 if not.
// `open DIR`: 4 if it cannot be.
#include <leveldb/db.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace {

constexpr int kBefore = 120;  // some 72 KiB: a little more than one log of 64 KiB
constexpr const char* kLast = "synced";

std::string key_of(int number) {
  char text[32];
  std::snprintf(text, sizeof text, "key%06d", number);
  return text;
}

std::unique_ptr<leveldb::DB> open_store(const char* path) {
  leveldb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 << 10;
  leveldb::DB* store = nullptr;
  const auto status = leveldb::DB::Open(options, path, &store);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return std::unique_ptr<leveldb::DB>(store);
}

int put(leveldb::DB& store) {
  for (int i = 0; i < kBefore; ++i) {
    if (!store.Put({}, key_of(i), std::string(600, static_cast<char>('a' + i % 26))).ok()) return 3;
  }
  leveldb::WriteOptions synced;
  synced.sync = true;
  return store.Put(synced, kLast, "1").ok() ? 0 : 3;
}

int check(leveldb::DB& store) {
  std::string value;
  int missing = 0;
  for (int i = 0; i < kBefore; ++i) missing += store.Get({}, key_of(i), &value).ok() ? 0 : 1;
  const bool has_last = store.Get({}, kLast, &value).ok();
  std::printf("%d of %d are missing, the synced one is %s\n", missing, kBefore,
              has_last ? "there" : "missing");
  return has_last && missing != 0 ? 1 : 0;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const auto store = open_store(words[2]);
  if (store == nullptr) return 4;
  if (std::strcmp(words[1], "open") == 0) return 0;
  return std::strcmp(words[1], "put") == 0 ? put(*store) : check(*store);
}
