// Disks that forget from end to end: programs that store by mapping.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "tests/launcher/command.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

struct Place {
  Place() {
    char name[] = "/tmp/detsim-durability-XXXXXX";
    root = mkdtemp(name);
    fs::create_directories(root / "disk");
  }
  ~Place() { fs::remove_all(root); }

  CommandResult run(const std::string& script, const std::string& then,
                    const std::vector<std::string>& extra, int seed) const {
    const auto disk = (root / "disk").string();
    std::vector<std::string> words = {DETSIM,   "run", "--quiet", "--seed", std::to_string(seed),
                                      "--disk", disk};
    words.insert(words.end(), extra.begin(), extra.end());
    const auto there = "cd " + disk + " && exec ";
    words.insert(words.end(), {"--then", there + then, "--", "sh", "-c", there + script});
    CommandOptions options;
    options.seconds_max = 300;
    return run_command(words, options);
  }

  fs::path root;
};

const std::vector<std::string> kCut = {"--fault", "proc.power_loss,at.op=open,at.path=**/cut"};

// All that the file was after losses of power, a character for each sector.
std::set<std::string> found_after(const std::string& how, int seeds) {
  std::set<std::string> found;
  const Place place;
  for (int seed = 1; seed <= seeds; ++seed) {
    const auto stores = std::string(TARGETS) + "stores ";
    const auto result = place.run(stores + how, stores + "show", kCut, seed);
    CHECK_MESSAGE(result.code() == 0, how << ": " << result.error);
    CHECK(result.output.size() == 32);
    found.insert(result.output);
  }
  return found;
}

bool has_some(const std::set<std::string>& found, std::size_t from, std::size_t to, char wanted) {
  for (const auto& each : found) {
    if (each.substr(from, to - from).find(wanted) != std::string::npos) return true;
  }
  return false;
}

bool has_only(const std::set<std::string>& found, std::size_t from, std::size_t to,
              const std::string& wanted) {
  for (const auto& each : found) {
    if (each.substr(from, to - from).find_first_not_of(wanted) != std::string::npos) return false;
  }
  return true;
}

std::string committed(const std::string& output) {
  std::istringstream lines(output);
  std::string line;
  unsigned count = 0;
  while (std::getline(lines, line) && line == std::to_string(count)) ++count;
  return line == "found " + std::to_string(count) || line == "found " + std::to_string(count + 1)
             ? ""
             : output;
}

}  // namespace

TEST_CASE("what was stored and not synced may be lost, each sector by itself") {
  for (const char* how : {"none", "async", "later"}) {
    const auto found = found_after(how, 16);
    CHECK(has_some(found, 0, 32, 'o'));
    CHECK(has_some(found, 0, 32, 'n'));
    CHECK(has_only(found, 0, 32, "on"));
  }
}

TEST_CASE("a synced part of a mapping is kept, and no more than that") {
  const auto found = found_after("page", 16);
  CHECK(has_only(found, 8, 16, "n"));
  CHECK(has_some(found, 0, 8, 'o'));
  CHECK(has_some(found, 16, 32, 'o'));
  CHECK(has_some(found, 16, 32, 'n'));
}

TEST_CASE("any sync of the file keeps what any process stored") {
  for (const char* how : {"all", "child", "sync"}) {
    CHECK(found_after(how, 6) == std::set<std::string>{std::string(32, 'n')});
  }
}

TEST_CASE("stores and other calls that change the file") {
  const auto written = found_after("write", 16);
  CHECK(has_only(written, 8, 9, "w"));
  CHECK(has_only(written, 9, 16, "n"));
  CHECK(has_only(written, 0, 8, "onm"));
  CHECK(has_only(written, 16, 32, "on"));
  const auto truncated = found_after("truncate", 16);
  CHECK(has_only(truncated, 0, 8, "n"));
  CHECK(has_only(truncated, 8, 16, ".m"));
  CHECK(has_some(truncated, 8, 16, '.'));
  CHECK(has_only(truncated, 16, 32, "."));
}

TEST_CASE("what was stored and overwritten may be what the disk has") {
  const auto found = found_after("twice", 16);
  CHECK(has_only(found, 0, 32, "onm"));
  for (const char each : {'o', 'n', 'm'}) CHECK(has_some(found, 0, 32, each));
}

TEST_CASE("files of the disk are not cloned, and copied instead") {
  const Place place;
  const auto stores = std::string(TARGETS) + "stores ";
  for (int seed = 1; seed <= 3; ++seed) {
    const auto result = place.run(stores + "copy", stores + "show", kCut, seed);
    CHECK(result.output == std::string(32, 'n'));
  }
}

TEST_CASE("only what may cut the power makes a disk") {
  const auto names = [](std::vector<std::string> plan) {
    const Place place;
    plan.insert(plan.begin(), {DETSIM, "run", "--quiet", "--seed", "1"});
    plan.insert(plan.end(), {"--", "sh", "-c", "echo > made; exit 0"});
    CommandOptions there;
    there.before_exec = [&place] { fs::current_path(place.root / "disk"); };
    CHECK(run_command(plan, there).code() == 0);
    return fs::exists(place.root / "disk/made");
  };
  CHECK(names({"--faults", "calm"}));
  CHECK(names({"--fault", "disk.fsync_fail=0.5"}));
  CHECK(!names({"--faults", "calm", "--fault", "proc.power_loss,at.op=open,at.path=none"}));
  CHECK(!names({"--faults", "calm", "--then", "true"}));
}

TEST_CASE("a failed sync is told to each open file once, and to none that is opened later") {
  const Place place;
  const auto stores = std::string(TARGETS) + "stores ";
  for (const char* profile : {"ext4-ordered", "xfs", "btrfs", "posix-strict"}) {
    // The third sync of the file or its directory is the first that may fail.
    const auto result = place.run(stores + "told", "true",
                                  {"--profile", profile, "--fault", "disk.fsync_fail,when=3"}, 1);
    CHECK_MESSAGE(result.output == "xwwxwww\n", result.error);
  }
}

TEST_CASE("a failed msync is told to the open file that was mapped") {
  const Place place;
  const auto result = place.run(std::string(TARGETS) + "stores other", "true",
                                {"--fault", "disk.fsync_fail,when=1,path=**/file,call=msync"}, 1);
  CHECK_MESSAGE(result.output == "xwxw\n", result.error);
}

TEST_CASE("after a failed sync btrfs shows what is on the disk, the others what was written") {
  const auto stores = std::string(TARGETS) + "stores ";
  const auto old = std::string(32, 'o'), all = std::string(32, 'n');
  for (const char* profile : {"ext4-ordered", "btrfs"}) {
    const bool reverts = profile == std::string("btrfs");
    std::set<std::string> found;
    for (int seed = 1; seed <= 8; ++seed) {
      const Place place;
      const std::vector<std::string> plan = {
          "--profile", profile, "--fault", "disk.fsync_fail,when=3", kCut[0], kCut[1]};
      const auto result = place.run(stores + "failing", stores + "show", plan, seed);
      const auto line = result.output.substr(0, result.output.find(10));
      const auto seen = reverts ? old
                                : std::string(8, 'n') + std::string(8, 'w') + std::string(16, 'o') +
                                      std::string(8, 'w');
      CHECK_MESSAGE(line == "x" + seen + "w", result.error);
      found.insert(result.output.substr(line.size() + 1));
    }
    CHECK(found.contains(old) == reverts);
    if (reverts) CHECK(found.size() == 1);
    const Place place;
    const auto mapped = place.run(
        stores + "mapped", "true",
        {"--profile", profile, "--fault", "disk.fsync_fail,when=1,path=**/file,call=msync"}, 1);
    CHECK_MESSAGE(mapped.output == "x" + (reverts ? old : all) + "ww\n", mapped.error);
  }
}

TEST_CASE("a file system without room for what is not durable is an end with words" *
          doctest::skip(geteuid() != 0)) {
  const Place place;
  const auto small = place.root / "small";
  fs::create_directories(small);
  const auto mounted =
      run_command({"mount", "-t", "tmpfs", "-o", "size=40m", "detsim-test", small.string()});
  if (mounted.code() != 0) return;
  fs::create_directories(small / "disk");
  const auto script = "cd " + (small / "disk").string() +
                      " && head -c 16777216 /dev/zero > file && sync && for i in $(seq 30); do "
                      "dd if=/dev/zero of=file bs=1M count=16 conv=notrunc status=none; done";
  CommandOptions options;
  options.seconds_max = 120;
  const auto result = run_command({DETSIM, "run", "--quiet", "--seed", "1", "--in-place", "--disk",
                                   (small / "disk").string(), "--", "sh", "-c", script},
                                  options);
  run_command({"umount", small.string()});
  CHECK(result.code() == 125);
  CHECK_MESSAGE(result.says("there is no more room in "), result.error);
}

TEST_CASE("a plan says how the power loss tears") {
  const Place place;
  const auto stores = std::string(TARGETS) + "stores ";
  std::set<std::string> found;
  for (int seed = 1; seed <= 16; ++seed) {
    const auto cut = kCut[1] + ",tear=4096,fill=zero,size=data,rename=split";
    const auto result = place.run(stores + "none", stores + "show", {kCut[0], cut}, seed);
    CHECK_MESSAGE(result.code() == 0, result.error);
    for (int page = 0; page < 4; ++page) found.insert(result.output.substr(page * 8, 8));
  }
  CHECK(found == std::set<std::string>{std::string(8, 'o'), std::string(8, 'n')});
}

// Too long for every day: with the campaign.
TEST_CASE("more than 256 MiB that are not durable are kept in a file" *
          doctest::skip(std::getenv("SEQUENCES") == nullptr)) {
  const Place place;
  const std::string bytes = "300M";
  const auto script = "sh -c 'head -c " + bytes + " /dev/zero > file; sync; head -c " + bytes +
                      " /dev/zero | tr \\\\0 n | dd of=file conv=notrunc bs=1M status=none; "
                      ": > cut'";
  const auto result =
      place.run(script, "sh -c 'tr -d \\\\0n < file | wc -c; wc -c < file'", kCut, 3);
  CHECK_MESSAGE(result.code() == 0, result.error);
  CHECK(result.output == "0\n314572800\n");
}

TEST_CASE("LMDB keeps what it committed, by writes and by stores") {
  for (const char* flags : {"plain", "writemap"}) {
    const Place place;
    const auto store = std::string(TARGETS) + "lmdb_store ";
    for (int seed = 1; seed <= 12; ++seed) {
      const std::vector<std::string> cut = {"--fault", "proc.power_loss,op=sync,probability=0.05",
                                            "--fault", "proc.power_loss,op=write,probability=0.05"};
      const auto result = place.run(store + "put " + flags, store + "check " + flags, cut, seed);
      CHECK_MESSAGE(result.code() == 0, result.output << result.error);
      CHECK(committed(result.output) == "");
    }
  }
}

TEST_CASE("LMDB without syncs loses what it committed") {
  const Place place;
  const auto store = std::string(TARGETS) + "lmdb_store ";
  bool has_lost = false;
  for (int seed = 1; seed <= 20 && !has_lost; ++seed) {
    const auto result = place.run("sh -c '" + store + "put writemap,nosync; : > cut'",
                                  store + "check writemap", kCut, seed);
    has_lost = result.code() != 0 || committed(result.output) != "";
  }
  CHECK(has_lost);
}

}  // namespace detsim
