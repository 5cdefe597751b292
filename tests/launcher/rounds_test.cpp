// --disk, --then, --crashes: the power fails, and the run goes on with what the disk kept.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/launcher/command.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

// The power fails when `cut` is made.
const std::vector<std::string> kCut = {"--fault",
                                       "proc.power_loss,at.op=open,at.path=**/cut,max=100"};

struct Place {
  Place() {
    char name[] = "/tmp/detsim-rounds-XXXXXX";
    root = mkdtemp(name);
    fs::create_directories(root / "disk");
    std::ofstream(root / "disk/file") << "old\n";
  }
  ~Place() { fs::remove_all(root); }

  CommandResult run(const std::string& script, std::vector<std::string> extra,
                    const std::string& seed = "1") const {
    std::vector<std::string> words = {DETSIM, "run", "--seed", seed, "--disk", disk()};
    words.insert(words.end(), extra.begin(), extra.end());
    words.insert(words.end(), {"--", "sh", "-c", "cd " + disk() + " && " + script});
    return run_command(words);
  }
  CommandResult run_cut(const std::string& script, std::vector<std::string> extra,
                        const std::string& seed = "1") const {
    extra.insert(extra.end(), kCut.begin(), kCut.end());
    return run(script, extra, seed);
  }
  std::string disk() const { return (root / "disk").string(); }
  static std::string text_of(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  fs::path root;
};

TEST_CASE("the command of --then has the last word, after a run that ended by itself") {
  const Place place;
  const auto then = "cat " + place.disk() + "/file; echo ended $DETSIM_ENDED_WITH; exit 7";
  const auto result = place.run("echo new > file; exit 3", {"--then", then});
  CHECK_MESSAGE(result.code() == 7, result.error);
  CHECK(result.output == "new\nended 3\n");
  CHECK(Place::text_of(place.root / "disk/file") == "old\n");
}

TEST_CASE("after a loss of power it finds what the disk kept") {
  const Place place;
  const auto then = "cat " + place.disk() + "/file; echo ended $DETSIM_ENDED_WITH";
  const auto script = "echo new > file; sync file; sync .; : > cut";
  const auto synced = place.run_cut(script, {"--then", then});
  CHECK_MESSAGE(synced.code() == 0, synced.error);
  CHECK(synced.output == "new\nended 137\n");
  bool has_lost = false;
  for (int seed = 1; seed <= 20 && !has_lost; ++seed) {
    const auto result =
        place.run_cut("echo new > other; : > cut", {"--then", "cat " + place.disk() + "/other"},
                      std::to_string(seed));
    has_lost = result.output != "new\n";
  }
  CHECK(has_lost);
}

TEST_CASE("without --then a run ends with its power") {
  const Place place;
  const auto result = place.run_cut("echo new > file; : > cut; echo never", {});
  CHECK(result.code() == 137);
  CHECK(result.output == "");
}

TEST_CASE("the program is started again after each loss, so often, and the clock moves on") {
  const Place place;
  const auto script = "date +%s; echo round >> log; sync log; sync .; : > cut; echo survived";
  const auto result =
      place.run_cut(script, {"--crashes", "3", "--then", "grep -c round " + place.disk() + "/log"});
  CHECK_MESSAGE(result.code() == 0, result.error);
  CHECK(result.output == "1893456000\n1893456001\n1893456002\n1893456003\nsurvived\n4\n");
}

TEST_CASE("all rounds are one run: the same trace for the same seed") {
  const Place place;
  const auto trace = [&](const char* name) {
    const auto path = (place.root / name).string();
    const auto result = place.run_cut(
        "ls -li; dd if=/dev/urandom of=random bs=700 count=9 status=none; sync random; : > cut",
        {"--trace", path, "--crashes", "2", "--then", "cd " + place.disk() + "; ls -li; cksum *"});
    CHECK_MESSAGE(result.code() == 0, result.error);
    return result.output + Place::text_of(path);
  };
  CHECK(trace("one") == trace("two"));
}

TEST_CASE("what is on the disk in the end can be kept") {
  const Place place;
  const auto kept = (place.root / "kept").string();
  CHECK(place.run("echo new > file", {"--keep-disk", kept}).code() == 0);
  CHECK(Place::text_of(kept + "/file") == "new\n");
  CHECK(Place::text_of(place.root / "disk/file") == "old\n");
}

TEST_CASE("in place the originals are the disk") {
  const Place place;
  CHECK(place.run_cut("echo new > file; sync file; : > cut", {"--in-place"}).code() == 137);
  CHECK(Place::text_of(place.root / "disk/file") == "new\n");
  CHECK(std::distance(fs::directory_iterator(place.root), {}) == 1);
}

TEST_CASE("what cannot be a disk is refused") {
  const Place place;
  const auto refused = [&](std::vector<std::string> words, const char* why) {
    words.insert(words.begin(), {DETSIM, "run", "--seed", "1"});
    words.insert(words.end(), {"--", "true"});
    const auto result = run_command(words);
    CHECK(result.code() == 125);
    CHECK_MESSAGE(result.says(why), result.error);
  };
  refused({"--disk", "/usr/bin"}, "system's directory");
  refused({"--disk", place.disk() + "/file"}, "is no directory");
  refused({"--disk", place.disk(), "--profile", "ext4"}, "there is no profile 'ext4'");
}

}  // namespace
}  // namespace detsim
