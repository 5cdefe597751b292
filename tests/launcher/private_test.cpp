// --private and --private-tmp: the target works on a copy, the original stays.
#include <doctest/doctest.h>
#include <grp.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/launcher/command.hpp"

namespace detsim {
namespace {

namespace fs = std::filesystem;

// A directory with a file, a second name of it, and a link; views are made in a place of its own.
struct Place {
  Place() {
    char name[] = "/tmp/detsim-private-XXXXXX";
    root = mkdtemp(name);
    fs::create_directories(root / "data/sub");
    fs::create_directory(root / "views");
    std::ofstream(root / "data/file") << "old\n";
    fs::create_hard_link(root / "data/file", root / "data/sub/second");
    fs::create_symlink("file", root / "data/link");
    fs::permissions(root, fs::perms::all);
    fs::permissions(root / "views", fs::perms::all);
  }
  ~Place() { fs::remove_all(root); }

  CommandResult run(const std::string& verb, const std::string& script,
                    const std::vector<std::string>& extra = {}, CommandOptions options = {}) const {
    std::vector<std::string> words = {DETSIM, verb, "--seed", "1"};
    words.insert(words.end(), extra.begin(), extra.end());
    words.insert(words.end(), {"--", "sh", "-c", "cd " + data() + " && " + script});
    const auto views = "TMPDIR=" + (root / "views").string();
    options.variables.push_back(views);
    return run_command(words, options);
  }
  CommandResult run_private(const std::string& script, CommandOptions options = {}) const {
    return run("run", script, {"--private", data()}, options);
  }
  std::string data() const { return (root / "data").string(); }
  std::string contents() const {
    std::stringstream text;
    text << std::ifstream(root / "data/file").rdbuf();
    return text.str();
  }
  bool has_views() const { return !fs::is_empty(root / "views"); }

  fs::path root;
};

TEST_CASE("the target sees its copy, and the original stays") {
  const Place place;
  const auto result = place.run_private(
      "cat link && echo new > file && cat sub/second && touch made && rm link && "
      "sh -c 'pwd; ls'");
  CHECK(result.error == "");
  CHECK(result.output == "old\nnew\n" + place.data() + "\nfile\nmade\nsub\n");
  CHECK(place.contents() == "old\n");
  CHECK(fs::exists(place.root / "data/link"));
  CHECK_FALSE(fs::exists(place.root / "data/made"));
  CHECK_FALSE(place.has_views());
}

TEST_CASE("the copy goes however the run ends, and one that was left goes with the next run") {
  const Place place;
  CHECK(place.run_private("kill -KILL $$").code() == 137);
  CHECK_FALSE(place.has_views());
  const auto killed = place.run_private(
      "echo; while :; do :; done",
      {.meanwhile = [](pid_t launcher) { kill(launcher, SIGKILL); }, .seconds_max = 20});
  CHECK(killed.code() == 137);
  CHECK(place.has_views());
  CHECK(place.run_private("true").code() == 0);
  CHECK_FALSE(place.has_views());
}

TEST_CASE("that it is a copy does not show from one run to the next") {
  const Place place;
  const auto result = place.run("check", "stat -c '%n %i %h %s %x %y %z' * sub/*; rm file; ls -la",
                                {"--private", place.data()});
  CHECK_MESSAGE(result.code() == 0, result.error);
}

TEST_CASE("an empty /tmp keeps what the run needs") {
  const Place place;
  const auto result =
      place.run("run", "cat file; ls /tmp | wc -l; echo > /tmp/made; sh -c 'ls /tmp'",
                {"--private-tmp", "--private", place.data()});
  CHECK_MESSAGE(result.output.find("old\n") != std::string::npos, result.error);
  CHECK(result.output.find("made\n") != std::string::npos);
  CHECK_FALSE(fs::exists("/tmp/made"));
}

TEST_CASE("a copy below an empty /tmp is one, in the working directory and below it") {
  const Place place;
  for (const auto& here : {place.root.string(), place.data()}) {
    const auto script = "cd " + here + " && exec " DETSIM " run --seed 1 --private-tmp --private " +
                        place.data() + " -- sh -c 'echo new > " + place.data() + "/file; cat " +
                        place.data() + "/file; ls /tmp | wc -l'";
    const auto result = run_command({"sh", "-c", script});
    CHECK_MESSAGE(result.output.starts_with("new\n"), result.error);
    CHECK(place.contents() == "old\n");
  }
}

TEST_CASE("without privilege") {
  if (geteuid() != 0) return;  // then the others have tested it
  const Place place;
  constexpr unsigned kNobody = 65534;
  const auto result =
      place.run_private("id -u; cat file; rm -f link; sh -c 'ls; true'", {.before_exec = [] {
                          if (setgroups(0, nullptr) != 0) _exit(1);
                          if (setgid(kNobody) != 0) _exit(1);
                          if (setuid(kNobody) != 0) _exit(1);
                        }});
  CHECK_MESSAGE(result.output == "65534\nold\nfile\nsub\n", result.error);
  CHECK_FALSE(place.has_views());
}

TEST_CASE("what is no directory is refused") {
  const Place place;
  const auto result = place.run("run", "true", {"--private", place.data() + "/file"});
  CHECK(result.code() == 125);
  CHECK(result.says("is no directory"));
}

}  // namespace
}  // namespace detsim
