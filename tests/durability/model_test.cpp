// The model of the disk against the reference: what is left after a loss of power is always one of
// the legal states, and every legal state comes.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "draw.hpp"
#include "faultplan/disk/reverting.hpp"
#include "reference.hpp"
#include "scheduler/choice.hpp"

using namespace detsim;

namespace {

constexpr ProfileId kOrdinary[] = {ProfileId::ext4_ordered, ProfileId::posix_strict, ProfileId::xfs,
                                   ProfileId::btrfs};

struct Pair {
  SmallDisk disk;
  Reference reference;
  std::vector<Operation> operations;

  explicit Pair(ProfileId profile) : disk(profile), reference(profile) {}
  void carry_out(const Operation& operation) {
    if (!disk.carry_out(operation)) return;
    reference.carry_out(operation);
    operations.push_back(operation);
  }
};

void run_sequence(SmallDisk& disk, ProfileId profile, ProfileId rules, std::uint64_t seed) {
  disk.clear(profile);
  Reference reference(rules);
  std::vector<Operation> operations;
  auto draws = ChoiceStream::derive(seed, Stream::data);
  const auto count = 2 + draws.below(14);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto operation = draw_operation(draws);
    if (!disk.carry_out(operation)) continue;
    reference.carry_out(operation);
    operations.push_back(operation);
  }
  INFO("profile ", profile_of(profile).name, ", seed ", seed, "\n", story(operations));
  REQUIRE(disk.read() == reference.visible());
  const auto cut = disk.lose_power(seed);
  REQUIRE(cut.problem == "");
  REQUIRE(cut.accusation == "");
  std::string why;
  const auto found = disk.read();
  const bool is_legal = reference.may_be(found, why);
  INFO(why, "\n", shown(found));
  REQUIRE(is_legal);
}

// Draws until nothing new came for long.
void reach_all(ProfileId profile, const std::vector<Operation>& operations) {
  std::set<Contents> reached, wanted;
  SmallDisk disk(profile);
  for (std::uint64_t seed = 0, last = 0; seed < last + 150 && seed < 1500; ++seed) {
    disk.clear(profile);
    Reference reference(profile);
    for (const auto& operation : operations) {
      REQUIRE(disk.carry_out(operation));
      reference.carry_out(operation);
    }
    REQUIRE(disk.lose_power(seed).problem == "");
    wanted = reference.all(1000);
    if (reached.insert(disk.read()).second) last = seed;
  }
  INFO(profile_of(profile).name, "\n", story(operations));
  CHECK(wanted.size() > 1);
  for (const auto& state : wanted) {
    INFO(shown(state));
    CHECK(reached.contains(state));
  }
}

}  // namespace

TEST_CASE("what a loss of power leaves is legal") {
  const char* given = std::getenv("SEQUENCES");
  const std::uint64_t count = given == nullptr ? 300 : std::strtoull(given, nullptr, 10);
  for (const auto profile : kOrdinary) {
    SmallDisk disk(profile);
    for (std::uint64_t seed = 0; seed < count; ++seed) run_sequence(disk, profile, profile, seed);
  }
  // With its data in order too it leaves less, and nothing else.
  constexpr auto kInOrder = ProfileId::ext4_journal;
  SmallDisk disk(kInOrder);
  for (std::uint64_t seed = 0; seed < count; ++seed) {
    run_sequence(disk, kInOrder, ProfileId::ext4_ordered, seed);
  }
}

TEST_CASE("every legal state comes") {
  const std::vector<Operation> replace = {{Step::write, "f", "", 0, 100, 'o'},
                                          {Step::sync, "f"},
                                          {Step::sync_directory, ""},
                                          {Step::write, "t", "", 0, 200, 'n'},
                                          {Step::rename, "t", "f"}};
  const std::vector<Operation> overwrite = {{Step::write, "f", "", 0, 1024, 'o'},
                                            {Step::sync_all},
                                            {Step::write, "f", "", 0, 512, 'p'},
                                            {Step::write, "f", "", 0, 1024, 'q'},
                                            {Step::remove, "f"}};
  const std::vector<Operation> truncate = {{Step::write, "f", "", 0, 500, 'o'},
                                           {Step::sync_all},
                                           {Step::truncate, "f", "", 0},
                                           {Step::write, "f", "", 0, 100, 'n'},
                                           {Step::write, "g", "", 0, 10, 'g'}};
  const std::vector<Operation> names = {{Step::make_directory, "d"}, {Step::write, "d/a"},
                                        {Step::write, "b"},          {Step::sync_directory, ""},
                                        {Step::rename, "b", "d/a"},  {Step::link, "d/a", "c"}};
  const std::vector<Operation> cut_off = {{Step::write, "f", "", 0, 600, 'n'},
                                          {Step::truncate, "f", "", 550},
                                          {Step::sync_directory, ""}};
  const std::vector<Operation> punch = {{Step::write, "f", "", 0, 500, 'n'},
                                        {Step::punch, "f", "", 100, 200}};
  for (const auto profile : kOrdinary) {
    for (const auto& operations : {replace, overwrite, truncate, names, cut_off, punch}) {
      reach_all(profile, operations);
    }
  }
}

TEST_CASE("the same seed leaves the same disk") {
  const auto run = [](std::uint64_t seed) {
    Pair pair(ProfileId::posix_strict);
    auto draws = ChoiceStream::derive(7, Stream::data);
    for (int i = 0; i < 30; ++i) pair.carry_out(draw_operation(draws));
    pair.disk.lose_power(seed);
    return pair.disk.read();
  };
  std::set<Contents> different;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto once = run(seed);
    CHECK(once == run(seed));
    different.insert(once);
  }
  CHECK(different.size() > 3);
}

TEST_CASE("fdatasync of a directory makes its names durable") {
  for (const auto profile : kOrdinary) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SmallDisk disk(profile);
      REQUIRE(disk.carry_out({Step::write, "f", "", 0, 4096, 'o'}));
      REQUIRE(disk.carry_out({Step::sync_all}));
      REQUIRE(disk.carry_out({Step::remove, "f"}));
      auto& state = disk.state();
      for (std::uint32_t i = 1; i <= state.nodes_used; ++i) {
        auto& node = node_at(state, i);
        if (node.kind == NodeKind::directory) note_synced(state, node, SyncKind::data);
      }
      CHECK(disk.lose_power(seed).accusation == "");
      CHECK(!disk.read().contains("f"));
    }
  }
}

TEST_CASE("the model accuses itself") {
  SmallDisk disk(ProfileId::posix_strict);
  REQUIRE(disk.carry_out({Step::write, "f", "", 0, 4096, 'o'}));
  REQUIRE(disk.carry_out({Step::sync_all}));
  REQUIRE(disk.carry_out({Step::write, "f", "", 0, 4096, 'n'}));
  // As if the sync had been forgotten by one of the two.
  for (std::uint32_t i = 1; i <= disk.state().nodes_used; ++i) {
    node_at(disk.state(), i).dirty_pages = {};
  }
  bool has_accused = false;
  for (std::uint64_t seed = 0; seed < 20 && !has_accused; ++seed) {
    has_accused = disk.lose_power(seed).accusation.find("is durable") != std::string::npos;
  }
  CHECK(has_accused);
  CHECK(disk.read().at("f") == std::string(4096, 'n'));
}

namespace {

// Puts bytes back where the test's disk has them.
struct RealFile {
  int fd;
  void write(std::uint64_t offset, const std::uint8_t* bytes, std::uint64_t count) const {
    REQUIRE(pwrite(fd, bytes, count, static_cast<off_t>(offset)) == static_cast<ssize_t>(count));
  }
  void cut(std::uint64_t size) const { REQUIRE(ftruncate(fd, static_cast<off_t>(size)) == 0); }
};

}  // namespace

TEST_CASE("what a failed sync reverts is what was durable, or what the last truncation left") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    auto draws = ChoiceStream::derive(seed, Stream::fault, 7);
    SmallDisk disk(ProfileId::btrfs);
    REQUIRE(disk.carry_out({Step::write, "f", "", 0, 9000, 'o'}));
    REQUIRE(disk.carry_out({Step::sync_all}));
    auto expected = disk.read().at("f");
    const auto count = draws.below(200);
    bool is_durable = true;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto letter = static_cast<char>('a' + i % 13);
      if (seed % 3 == 0 && draws.below(60) == 0) {
        if (!disk.carry_out({Step::truncate, "f", "", draws.below(20000), 0})) continue;
        expected = disk.read().at("f");
        is_durable = false;
      } else {
        disk.carry_out({Step::write, "f", "", draws.below(40000), 1 + draws.below(9000), letter});
      }
    }
    auto& state = disk.state();
    for (std::uint32_t i = 1; i <= state.nodes_used; ++i) {
      auto& node = node_at(state, i);
      if (node.kind != NodeKind::file) continue;
      RealFile file{open((std::string(state.views[0].real) + "/f").c_str(), O_RDWR | O_CLOEXEC)};
      revert_unsynced(state, node, file);
      close(file.fd);
      CHECK(node.size == expected.size());
      if (is_durable) CHECK(node.history.bytes == 0);
    }
    CHECK(disk.read().at("f") == expected);
    REQUIRE(disk.carry_out({Step::sync, "f"}));
    const auto cut = disk.lose_power(seed);
    CHECK(cut.problem + cut.accusation == "");
    if (is_durable) CHECK(disk.read().at("f") == expected);
  }
}

TEST_CASE("a sync that succeeds after one that failed does not bring the data to the disk") {
  const auto run = [](bool writes_again, std::uint64_t seed) {
    SmallDisk disk(ProfileId::ext4_ordered);
    REQUIRE(disk.carry_out({Step::write, "f", "", 0, 4096, 'o'}));
    REQUIRE(disk.carry_out({Step::sync_all}));
    REQUIRE(disk.carry_out({Step::write, "f", "", 0, 4096, 'n'}));
    auto& state = disk.state();
    for (std::uint32_t i = 1; i <= state.nodes_used; ++i) {
      if (node_at(state, i).kind == NodeKind::file) note_sync_failed(state, node_at(state, i));
    }
    if (writes_again) REQUIRE(disk.carry_out({Step::write, "f", "", 1024, 512, 'n'}));
    REQUIRE(disk.carry_out({Step::sync, "f"}));
    const auto cut = disk.lose_power(seed);
    CHECK(cut.problem + cut.accusation == "");
    return disk.read().at("f");
  };
  std::set<std::string> once, again;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    once.insert(run(false, seed));
    again.insert(run(true, seed));
  }
  CHECK(once.contains(std::string(4096, 'o')));
  CHECK(once.contains(std::string(4096, 'n')));
  CHECK(again == std::set<std::string>{std::string(4096, 'n')});
}
