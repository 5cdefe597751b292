// LevelDB as its db_bench fills it, in the working directory:
//   leveldb_fill seq|random COUNT    100 bytes under keys of 16, not synced; makes `cut` at the end
//   leveldb_fill count               how many there are
#include <fcntl.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

int main(int count, char** arguments) {
  const std::string how = arguments[1];
  leveldb::Options options;
  options.create_if_missing = true;
  leveldb::DB* opened = nullptr;
  const auto status = leveldb::DB::Open(options, "base", &opened);
  const std::unique_ptr<leveldb::DB> db(opened);
  if (!status.ok()) {
    std::printf("%s\n", status.ToString().c_str());
    return 1;
  }
  if (how == "count") {
    const std::unique_ptr<leveldb::Iterator> at(db->NewIterator({}));
    long found = 0;
    for (at->SeekToFirst(); at->Valid(); at->Next()) ++found;
    std::printf("%ld\n", found);
    return at->status().ok() ? 0 : 1;
  }
  const auto number = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1000;
  std::uint64_t state = 1;
  for (std::uint64_t i = 0; i < number; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    char key[24];
    std::snprintf(key, sizeof key, "%016llu",
                  static_cast<unsigned long long>(how == "seq" ? i : (state >> 33) % number));
    if (!db->Put({}, key, std::string(100, static_cast<char>('a' + (state >> 40) % 26))).ok()) {
      return 1;
    }
  }
  return open("cut", O_RDWR | O_CREAT, 0644) >= 0 ? 0 : 1;
}
