#include "bench/programs.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>

namespace {

constexpr int kRows = 200'000;
constexpr int kWords = 1'500'000;

// Text of words that repeat as words do, so that there is something to compress.
void make_text(const std::string& path) {
  std::ofstream file(path);
  std::uint64_t state = 1;
  for (int i = 0; i < kWords; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto word = (state >> 40) % 4096;
    file << "word" << word * word % 7919 << (i % 12 == 11 ? '\n' : ' ');
  }
}

void make_statements(const std::string& path) {
  std::ofstream file(path);
  file << "create table t (id integer primary key, name text, value real);\nbegin;\n";
  for (int i = 0; i < kRows; ++i) {
    file << "insert into t values (" << i << ", 'row " << i * 7919 % 100003 << "', " << i * 0.5
         << ");\n";
  }
  file << "commit;\nselect count(*), sum(value) from t;\n";
}

}  // namespace

std::vector<Program> make_programs(const std::string& directory) {
  make_text(directory + "/text");
  make_statements(directory + "/statements");
  const auto in = "cd " + directory + " && ";
  return {{"sqlite3, 200,000 rows inserted", "sqlite3", in + "rm -f db && sqlite3 db < statements"},
          {"xz -T1, 14 MB of text", "xz", in + "exec xz -T1 -c text > text.xz"},
          {"redis-benchmark -P 16, 200,000 sets and gets", "redis-server",
           in + "redis-server --port 0 --unixsocket " + directory +
               "/redis --save '' > redis.log & cd " + directory +
               " && until redis-cli -s redis ping > ping 2>&1; do sleep 0.01; done && "
               "redis-benchmark -s redis -P 16 -n 200000 -t set,get -q && "
               "redis-cli -s redis shutdown nosave && wait"}};
}

std::vector<Program> make_disk_programs(const std::string& directory, const std::string& build) {
  make_statements(directory + "/statements");
  const auto disk = directory + "/disk", fill = build + "/bench/leveldb_fill";
  std::filesystem::create_directory(disk);
  const auto in = "cd " + disk + " && rm -rf base db && ";
  const std::vector<std::string> options = {"--disk", disk};
  return {{"sqlite3, 200,000 rows, on a disk that forgets", "sqlite3",
           in + "sqlite3 db < ../statements", 2, options},
          {"LevelDB fillseq, 200,000, on a disk that forgets", fill,
           in + "exec " + fill + " seq 200000", 3, options},
          {"LevelDB fillrandom, 200,000, on a disk that forgets", fill,
           in + "exec " + fill + " random 200000", 3, options}};
}
