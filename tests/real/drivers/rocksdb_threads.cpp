// Writers and readers on one RocksDB, with background flushes and compactions.
#include <rocksdb/db.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

int main(int, char** arguments) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 << 10;
  options.IncreaseParallelism(4);
  rocksdb::DB* opened = nullptr;
  if (const auto status = rocksdb::DB::Open(options, arguments[1], &opened); !status.ok()) {
    std::printf("%s\n", status.ToString().c_str());
    return 1;
  }
  const std::unique_ptr<rocksdb::DB> base(opened);
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 4; ++worker) {
    threads.emplace_back([&, worker] {
      const std::string value(100, static_cast<char>('a' + worker));
      for (int i = 0; i < 1000; ++i) {
        base->Put({}, "key" + std::to_string(worker) + "." + std::to_string(i), value);
        std::string read;
        if (i % 10 == 0) base->Get({}, "key" + std::to_string((worker + 1) % 4) + ".0", &read);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  base->Flush({});
  base->CompactRange({}, nullptr, nullptr);
  std::size_t keys = 0, bytes = 0;
  const std::unique_ptr<rocksdb::Iterator> at(base->NewIterator({}));
  for (at->SeekToFirst(); at->Valid(); at->Next(), ++keys) bytes += at->value().size();
  std::printf("%zu keys, %zu bytes, %s\n", keys, bytes, at->status().ToString().c_str());
}
