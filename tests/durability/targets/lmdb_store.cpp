// LMDB: `lmdb_store put FLAGS` commits one transaction after the other, each with a record of its
// number, and says which it has committed. `lmdb_store check FLAGS` says which are there: they must
// be the first so many.
#include <lmdb.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

void check(int result, const char* what) {
  if (result == 0) return;
  printf("%s: %s\n", what, mdb_strerror(result));
  exit(1);
}

unsigned flags_of(const std::string& words) {
  unsigned flags = 0;
  if (words.find("writemap") != std::string::npos) flags |= MDB_WRITEMAP;
  if (words.find("nosync") != std::string::npos) flags |= MDB_NOSYNC;
  return flags;
}

void put(MDB_env* env, unsigned number) {
  MDB_txn* txn;
  MDB_dbi db;
  check(mdb_txn_begin(env, nullptr, 0, &txn), "begin");
  check(mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &db), "open");
  std::string text(700, static_cast<char>('a' + number % 26));
  MDB_val key{sizeof number, &number}, value{text.size(), text.data()};
  check(mdb_put(txn, db, &key, &value, 0), "put");
  check(mdb_txn_commit(txn), "commit");
  printf("%u\n", number);
  fflush(stdout);
}

void look(MDB_env* env) {
  MDB_txn* txn;
  MDB_dbi db;
  MDB_cursor* cursor;
  check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn), "begin");
  check(mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &db), "open");
  check(mdb_cursor_open(txn, db, &cursor), "cursor");
  MDB_val key, value;
  unsigned count = 0;
  while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
    unsigned number;
    memcpy(&number, key.mv_data, sizeof number);
    const std::string text(700, static_cast<char>('a' + number % 26));
    const bool is_right =
        value.mv_size == text.size() && memcmp(value.mv_data, text.data(), text.size()) == 0;
    if (number != count || !is_right) check(MDB_CORRUPTED, "look");
    ++count;
  }
  printf("found %u\n", count);
}

}  // namespace

int main(int, char** arguments) {
  const std::string what = arguments[1];
  MDB_env* env;
  check(mdb_env_create(&env), "create");
  check(mdb_env_set_mapsize(env, 256 << 10), "size");
  check(mdb_env_open(env, "base", MDB_NOSUBDIR | flags_of(arguments[2]), 0644), "open");
  if (what == "check") return look(env), 0;
  for (unsigned number = 0; number < 12; ++number) put(env, number);
  return 0;
}
