// The first event in which two runs differ.
#include "trace/diff.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/trace/support.hpp"

namespace detsim {
namespace {

struct Two {
  TemporaryDirectory directory;
  std::unique_ptr<TraceReader> a, b;

  Two(const std::vector<Event>& first, const std::vector<Event>& second) {
    std::string error;
    write_trace(directory.file("a"), first);
    write_trace(directory.file("b"), second);
    a = TraceReader::open(directory.file("a"), error);
    b = TraceReader::open(directory.file("b"), error);
  }
};

TEST_CASE("equal runs do not differ") {
  const auto events = made_up_events(20'000);
  Two two(events, events);
  CHECK_FALSE(first_difference(*two.a, *two.b).has_value());
}

TEST_CASE("a difference in any field is found, at the first place") {
  for (int field = 0; field < 7; ++field) {
    CAPTURE(field);
    auto events = made_up_events(20'000);
    auto& e = events[8192 + field];
    switch (field) {
      case 0: ++e.time_ns; break;
      case 1: ++e.tid; break;
      case 2: e.kind = EventKind::timer; break;
      case 3: ++e.call; break;
      case 4: ++e.result; break;
      case 5: ++e.detail; break;
      default: ++e.site; break;
    }
    events[15'000].result = 77;
    Two two(made_up_events(20'000), events);
    CHECK(first_difference(*two.a, *two.b) == 8192u + static_cast<unsigned>(field));
  }
}

TEST_CASE("a run that goes on differs from one that ended") {
  Two two(made_up_events(10), made_up_events(12));
  REQUIRE(first_difference(*two.a, *two.b) == 10u);
  const auto text = printed([&](std::FILE* out) {
    print_difference(*two.a, *two.b, 10, {"run 1", "run 2"}, 1, out);
  });
  CHECK(text.find("#9") != std::string::npos);
  CHECK(text.find("#8") == std::string::npos);
  CHECK(text.find("  run 1   (ended: finished)\n") != std::string::npos);
  CHECK(text.find("  run 2   #10 ") != std::string::npos);
}

TEST_CASE("the very first event may differ") {
  auto events = made_up_events(3);
  events[0].tid = 9;
  Two two(made_up_events(3), events);
  REQUIRE(first_difference(*two.a, *two.b) == 0u);
  const auto text =
      printed([&](std::FILE* out) { print_difference(*two.a, *two.b, 0, {}, 5, out); });
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

}  // namespace
}  // namespace detsim
