// Four threads, each with a connection of its own, to one database file.
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

static void must(int result, sqlite3* base) {
  if (result == SQLITE_OK || result == SQLITE_DONE) return;
  std::printf("sqlite: %s\n", sqlite3_errmsg(base));
  std::exit(1);
}

static void run(const char* path, const std::string& statement) {
  sqlite3* base = nullptr;
  must(sqlite3_open(path, &base), base);
  sqlite3_busy_timeout(base, 60000);
  must(sqlite3_exec(base, statement.c_str(), nullptr, nullptr, nullptr), base);
  sqlite3_close(base);
}

static void work(const char* path, int worker) {
  sqlite3* base = nullptr;
  must(sqlite3_open(path, &base), base);
  sqlite3_busy_timeout(base, 60000);
  for (int row = 0; row < 20; ++row) {
    const auto statement = "begin immediate; insert into rows values (" + std::to_string(worker) +
                           "," + std::to_string(row) + "); update total set n = n + 1; commit;";
    must(sqlite3_exec(base, statement.c_str(), nullptr, nullptr, nullptr), base);
  }
  sqlite3_close(base);
}

static int print(void*, int columns, char** values, char**) {
  for (int i = 0; i < columns; ++i) std::printf("%s ", values[i]);
  std::printf("\n");
  return 0;
}

int main(int, char** arguments) {
  const char* path = arguments[1];
  run(path,
      "create table rows (worker, row); create table total (n); insert into total values (0)");
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) workers.emplace_back(work, path, worker);
  for (auto& worker : workers) worker.join();
  sqlite3* base = nullptr;
  must(sqlite3_open(path, &base), base);
  must(sqlite3_exec(base,
                    "select n from total; select count(*), sum(row) from rows; "
                    "pragma integrity_check",
                    print, nullptr, nullptr),
       base);
  sqlite3_close(base);
}
