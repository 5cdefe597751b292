// How a loss of power tears, when the plan says how.
#include <doctest/doctest.h>

#include <set>

#include "small_disk.hpp"

using namespace detsim;

namespace {

// What is left of the disk after these operations, by as many losses of power as it takes.
std::set<Contents> left(ProfileId profile, const std::vector<Operation>& operations,
                        const TearRules& tear) {
  std::set<Contents> found;
  SmallDisk disk(profile);
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    disk.clear(profile);
    for (const auto& operation : operations) REQUIRE(disk.carry_out(operation));
    const auto cut = disk.lose_power(seed, tear);
    REQUIRE(cut.problem + cut.accusation == "");
    found.insert(disk.read());
  }
  return found;
}

// The letter of each sector of `f`.
std::set<std::string> sectors(ProfileId profile, const std::vector<Operation>& operations,
                              const TearRules& tear) {
  std::set<std::string> found;
  for (const auto& contents : left(profile, operations, tear)) {
    std::string text;
    const auto& content = contents.at("f");
    for (std::size_t at = 0; at < content.size(); at += 512) text += content[at];
    found.insert(text);
  }
  return found;
}

const std::vector<Operation> kOverwritten = {
    {Step::write, "f", "", 0, 16384, 'o'}, {Step::sync_all}, {Step::write, "f", "", 0, 16384, 'n'}};
const std::vector<Operation> kGrown = {
    {Step::write, "f", ""}, {Step::sync_all}, {Step::write, "f", "", 0, 16384, 'n'}};
const std::vector<Operation> kRenamed = {
    {Step::write, "a", "", 0, 100, 'a'}, {Step::sync_all}, {Step::rename, "a", "b"}};

}  // namespace

TEST_CASE("torn by the sector, by the page, or behind a front") {
  const auto torn_within_pages = [](const std::set<std::string>& found) {
    std::size_t count = 0;
    for (const auto& each : found) {
      for (std::size_t page = 0; page < each.size(); page += 8) {
        count += each.substr(page, 8).find_first_not_of(each[page]) != std::string::npos;
      }
    }
    return count;
  };
  constexpr auto kProfile = ProfileId::ext4_ordered;
  CHECK(torn_within_pages(sectors(kProfile, kOverwritten, {})) > 0);
  CHECK(torn_within_pages(sectors(kProfile, kOverwritten, {.unit_bytes = 512})) > 0);
  const auto pages = sectors(kProfile, kOverwritten, {.unit_bytes = 4096});
  CHECK(torn_within_pages(pages) == 0);
  CHECK(pages.size() > 5);
  const auto fronts = sectors(kProfile, kOverwritten, {.fronts = true});
  CHECK(fronts.size() > 5);
  for (const auto& each : fronts) CHECK(each.find("on") == std::string::npos);
}

TEST_CASE("where the bytes did not come there are zeros or garbage") {
  const auto letters = [](const TearRules& tear, ProfileId profile) {
    std::string all;
    for (const auto& each : sectors(profile, kGrown, tear)) all += each;
    return all;
  };
  constexpr auto kStrict = ProfileId::posix_strict, kOrdered = ProfileId::ext4_ordered;
  const std::string zeros("n\0", 2);
  const auto never = std::string::npos;
  CHECK(letters({}, kStrict).find_first_not_of(zeros) != never);
  CHECK(letters({.fill = TearRules::Filling::zero}, kStrict).find_first_not_of(zeros) == never);
  CHECK(letters({}, kOrdered).find_first_not_of(zeros) == never);
  CHECK(letters({.fill = TearRules::Filling::garbage}, kOrdered).find_first_not_of(zeros) != never);
  CHECK(letters({.size_with_data = true}, kStrict).find_first_not_of('n') == never);
  CHECK(sectors(kStrict, kGrown, {.size_with_data = true}).size() > 2);
}

TEST_CASE("a rename is one change, or two") {
  const std::string a(100, 'a');
  const Contents before = {{"a", a}}, after = {{"b", a}}, both = {{"a", a}, {"b", a}};
  CHECK(left(ProfileId::posix_strict, kRenamed, {}) == std::set<Contents>{before, after});
  const TearRules split = {.splits_renames = true};
  const std::set<Contents> all = {before, after, both, {}};
  CHECK(left(ProfileId::posix_strict, kRenamed, split) == all);
  CHECK(left(ProfileId::ext4_ordered, kRenamed, split) == std::set<Contents>{before, after, both});
}

TEST_CASE("a rename in two parts over another file") {
  const std::vector<Operation> replaced = {{Step::write, "a", "", 0, 10, 'a'},
                                           {Step::write, "b", "", 0, 10, 'b'},
                                           {Step::sync_all},
                                           {Step::rename, "a", "b"}};
  const std::string a(10, 'a'), b(10, 'b');
  const std::set<Contents> all = {
      {{"a", a}, {"b", b}}, {{"b", a}}, {{"a", a}, {"b", a}}, {{"b", b}}};
  CHECK(left(ProfileId::posix_strict, replaced, {.splits_renames = true}) == all);
}
