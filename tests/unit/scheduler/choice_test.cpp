#include <doctest/doctest.h>

#include <set>

#include "harness.hpp"

using namespace detsim;
using namespace detsim::test;

TEST_CASE("choice: the generator is SplitMix64") {
  ChoiceStream stream{1234567};
  for (const std::uint64_t expected :
       {6457827717110365317ull, 3203168211198807973ull, 9817491932198370423ull,
        4593380528125082431ull, 16408922859458223821ull}) {
    CHECK(stream.next() == expected);
  }
}

TEST_CASE("choice: below() is uniform, also where 2^64 is no multiple of the bound") {
  ChoiceStream stream{5};
  for (const std::uint64_t bound : {2ull, 3ull, 10ull, 1000ull}) {
    std::vector<double> seen(bound);
    for (std::uint64_t i = 0; i < 200 * bound; ++i) seen[stream.below(bound)] += 1;
    CHECK(chi_square(seen, std::vector<double>(bound, 200)).good());
  }
  // Of a bound of three quarters of 2^64, plain scaling would hit each third value twice as often.
  std::vector<double> thirds(3);
  for (int i = 0; i < 30000; ++i) thirds[stream.below(3ull << 62) % 3] += 1;
  CHECK(chi_square(thirds, std::vector<double>(3, 10000)).good());
}

TEST_CASE("choice: streams differ by seed, by name and by ancestry") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const auto name : {Stream::schedule, Stream::wake, Stream::data, Stream::fault}) {
      for (std::uint64_t ancestry = 0; ancestry < 20; ++ancestry) {
        seen.insert(ChoiceStream::derive(seed, name, ancestry).next());
      }
    }
  }
  CHECK(seen.size() == 20 * 4 * 20);
}
