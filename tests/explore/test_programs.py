"""Programs made with GoogleTest, Catch2 and doctest: of the tests of each, the first has a race."""
from checking import run, write

# Passes on its own, and not when the two threads meet.
RACE = '''
#include <mutex>
#include <thread>
static int count_visitors() {
  std::mutex mutex;
  int visitors = 0;
  const auto enter = [&] {
    int before = 0;
    { std::lock_guard lock(mutex); before = visitors; }
    { std::lock_guard lock(mutex); visitors = before + 1; }
  };
  std::thread one(enter), two(enter);
  one.join();
  two.join();
  return visitors;
}
'''
PROGRAMS = {
    'gtest': ('''#include <gtest/gtest.h>
#include <cstdio>
#include <cstdlib>
TEST(Visitors, AreCounted) { EXPECT_EQ(count_visitors(), 2); }
TEST(Visitors, Pass) { EXPECT_TRUE(std::fopen("/tmp/one-world-each", "wx") != nullptr); }
TEST(Visitors, PassToo) { EXPECT_TRUE(std::fopen("/tmp/one-world-each", "wx") != nullptr); }
TEST(Visitors, DISABLED_Never) { FAIL(); }
class Numbers : public testing::TestWithParam<int> {};
TEST_P(Numbers, ArePositive) { EXPECT_GT(GetParam(), 0); }
INSTANTIATE_TEST_SUITE_P(Few, Numbers, testing::Values(1, 2));
int main(int count, char** words) {
  testing::InitGoogleTest(&count, words);
  return RUN_ALL_TESTS();
}
''', ['-lgtest'], ['Visitors.AreCounted', 'Visitors.Pass', 'Visitors.PassToo',
                   'Few/Numbers.ArePositive/0', 'Few/Numbers.ArePositive/1']),
    'catch2': ('''#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
TEST_CASE("visitors are counted") { CHECK(count_visitors() == 2); }
TEST_CASE("passes, with a comma [and brackets]") { CHECK(true); }
TEST_CASE("passes too") { CHECK(true); }
''', [], ['visitors are counted', 'passes, with a comma [and brackets]', 'passes too']),
    'doctest': ('''#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
TEST_CASE("visitors are counted") { CHECK(count_visitors() == 2); }
TEST_CASE("passes, with a comma") { CHECK(true); }
''', [], ['visitors are counted', 'passes, with a comma']),
}

def build(directory, name, text, *options):
    source, program = f'{directory}/{name}.cpp', f'{directory}/{name}'
    write(source, text)
    run('g++', '-std=c++17', '-g', source, '-o', program, *options, '-pthread', code=0)
    return program


def build_tests(directory, name):
    text, libraries, _ = PROGRAMS[name]
    return build(directory, name, RACE + text, *libraries)
