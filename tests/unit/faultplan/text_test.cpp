// Patterns of paths and names.
#include "faultplan/text.hpp"

#include <doctest/doctest.h>

using namespace detsim;

TEST_CASE("a star stays within a directory, two cross them") {
  CHECK(matches_path("*.log", "/data/000003.log"));
  CHECK(matches_path("**/*.log", "/data/000003.log"));
  CHECK(matches_path("**/*.log", "a.log"));
  CHECK(matches_path("data/*.log", "/x/data/a.log"));
  CHECK_FALSE(matches_path("data/*.log", "/x/data/y/a.log"));
  CHECK(matches_path("data/**/*.log", "/x/data/y/z/a.log"));
  CHECK(matches_path("data/**", "/x/data/y/z/a.log"));
  CHECK_FALSE(matches_path("*.log", "/data/a.log.old"));
  CHECK_FALSE(matches_path("/data/*", "/x/data/a"));
  CHECK(matches_path("/data/*", "/data/a"));
  CHECK(matches_path("**/CURRENT", "/db/CURRENT"));
  CHECK_FALSE(matches_path("**/CURRENT", "/db/CURRENT.tmp"));
}

TEST_CASE("sets, single characters, alternatives") {
  CHECK(matches_path("0000[0-9].ldb", "/db/00004.ldb"));
  CHECK_FALSE(matches_path("0000[!0-9].ldb", "/db/00004.ldb"));
  CHECK(matches_path("?.txt", "/a.txt"));
  CHECK_FALSE(matches_path("a?b", "/a/b"));
  CHECK(matches_path("*.{db,wal}", "/x/a.wal"));
  CHECK(matches_path("*.{db,wal}", "/x/a.db"));
  CHECK_FALSE(matches_path("*.{db,wal}", "/x/a.sh"));
  CHECK(matches_path("{a,b}/**", "/x/b/c"));
}

TEST_CASE("names have no directories") {
  CHECK(matches_name("redis*", "redis-server"));
  CHECK(matches_name("*", ""));
  CHECK(matches_name("a?c", "abc"));
  CHECK_FALSE(matches_name("redis", "redis-server"));
  CHECK(matches_name("*/x", "a/b/x"));
}
