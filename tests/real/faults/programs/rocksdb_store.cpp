// `put DIR`: puts through the write-ahead log as it is by default (not synced), with a flush in
// between. `check DIR`: what is there must be a prefix of what was put.
#include <rocksdb/db.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace {

constexpr int kPuts = 60;

std::string key_of(int number) {
  char text[32];
  std::snprintf(text, sizeof text, "key%06d", number);
  return text;
}

int put(rocksdb::DB& store) {
  for (int i = 0; i < kPuts; ++i) {
    if (!store.Put({}, key_of(i), std::string(300, static_cast<char>('a' + i % 26))).ok()) return 3;
    if (i == kPuts / 2 && !store.Flush({}).ok()) return 3;
  }
  return store.SyncWAL().ok() ? 0 : 3;
}

int check(rocksdb::DB& store) {
  std::string value;
  int there = 0, last = -1;
  for (int i = 0; i < kPuts; ++i) {
    if (!store.Get({}, key_of(i), &value).ok()) continue;
    ++there;
    last = i;
  }
  std::printf("%d are there, the last one is %d\n", there, last);
  return there == last + 1 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(options, words[2], &opened);
  const std::unique_ptr<rocksdb::DB> store(opened);
  if (!status.ok()) return std::printf("%s\n", status.ToString().c_str()), 4;
  return std::strcmp(words[1], "put") == 0 ? put(*store) : check(*store);
}
