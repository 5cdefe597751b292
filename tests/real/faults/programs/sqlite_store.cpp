// `put JOURNAL SYNCHRONOUS`: transactions on the database `db`, each noted outside of the disk when
// it is acknowledged. `check`: 2 when it is damaged, 1 when what was acknowledged is gone.
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

namespace {

constexpr int kTransactions = 8;
constexpr const char* kAcknowledged = "/tmp/sqlite.acknowledged";

int take_text(void* to, int, char** values, char**) {
  *static_cast<std::string*>(to) += values[0] == nullptr ? "" : values[0];
  return 0;
}

bool run(sqlite3* db, const std::string& sql, std::string* result = nullptr) {
  std::string ignored;
  char* words = nullptr;
  const bool done =
      sqlite3_exec(db, sql.c_str(), take_text, result ? result : &ignored, &words) == SQLITE_OK;
  if (!done) std::printf("%s: %s\n", sql.c_str(), words);
  sqlite3_free(words);
  return done;
}

int put(sqlite3* db, const char* journal, const char* synchronous) {
  run(db, std::string("PRAGMA journal_mode=") + journal);
  run(db, std::string("PRAGMA synchronous=") + synchronous);
  if (!run(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT, sum INTEGER)")) return 3;
  if (!run(db, "CREATE INDEX i ON t (body)")) return 3;
  for (int i = 1; i <= kTransactions; ++i) {
    const auto n = std::to_string(i);
    if (!run(db, "BEGIN; INSERT INTO t VALUES (" + n + ", hex(zeroblob(1500)) || " + n +
                     ", 0); UPDATE t SET sum = sum + 1; COMMIT")) {
      return 3;
    }
    std::FILE* file = std::fopen(kAcknowledged, "w");
    if (file == nullptr || std::fprintf(file, "%d", i) < 0 || std::fclose(file) != 0) return 3;
  }
  return 0;
}

int check(sqlite3* db) {
  int acknowledged = 0;
  if (std::FILE* file = std::fopen(kAcknowledged, "r")) {
    if (std::fscanf(file, "%d", &acknowledged) != 1) acknowledged = 0;
    std::fclose(file);
  }
  std::string verdict, count = "0";
  if (!run(db, "PRAGMA integrity_check", &verdict)) return 2;
  if (verdict != "ok") return std::printf("%s\n", verdict.c_str()), 2;
  if (acknowledged > 0) {
    count.clear();
    if (!run(db, "SELECT count(*) FROM t", &count)) count = "0";
  }
  std::printf("%s of %d transactions are there\n", count.c_str(), acknowledged);
  return std::stoi(count) < acknowledged ? 1 : 0;
}

}  // namespace

int main(int count, char** words) {
  sqlite3* db = nullptr;
  if (sqlite3_open("db", &db) != SQLITE_OK) return 4;
  const int status = count == 4 ? put(db, words[2], words[3]) : check(db);
  sqlite3_close(db);
  return status;
}
