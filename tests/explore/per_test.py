#!/usr/bin/python3
"""Programs made with GoogleTest, Catch2 and doctest, each test explored by itself; and what should
happen sometimes and never does.

    per_test.py DETSIM INCLUDE_DIRECTORY
"""
import os
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says, write

DETSIM, INCLUDE = (os.path.abspath(path) for path in sys.argv[1:3])

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
SOMETIMES = '''
#include <detsim/sdk.h>
#include <cstdlib>
int main(int, char** words) {
  DETSIM_SOMETIMES(std::atoi(words[1]) > 0, "a request is retried");
  DETSIM_SOMETIMES(true, "it starts");
  return 0;
}
'''


def build(directory, name, text, *libraries):
    source, program = f'{directory}/{name}.cpp', f'{directory}/{name}'
    write(source, text)
    run('g++', '-std=c++17', '-g', '-I', INCLUDE, source, '-o', program, *libraries, '-pthread',
        code=0)
    return program


def explores_each(directory, name):
    text, libraries, tests = PROGRAMS[name]
    program = build(directory, name, RACE + text, *libraries)
    out = f'{directory}/{name}-out'
    words = run(DETSIM, 'explore', '--per-test', '--runs', '40', '--dir', out, '--json',
                out + '.json', '--junit', out + '.xml', '--', program, code=1).text
    report = load(out + '.json')
    check([test['name'] for test in report['tests']] == tests, report['tests'])
    failing = [test['name'] for test in report['tests'] if test['failed'] > 0]
    check(failing == tests[:1], f'{name}: {failing}: {words}')
    check(all(test['runs'] == 40 for test in report['tests']), report['tests'])
    check(report['summary']['runs'] == 40 * len(tests), report['summary'])
    check(f'FAILED  {tests[0]}: ' in words and f'ok      {tests[1]}: 40 runs' in words, words)
    failure = report['failures'][0]
    check(failure['test'] == tests[0], failure)
    says('the same run', DETSIM, 'replay', failure['dir'])
    suite = xml.parse(out + '.xml').getroot().find('testsuite')
    cases = suite.findall('testcase')
    junit = read(out + '.xml')
    check(len(cases) == len(tests) and suite.get('failures') == '1', junit)
    check(cases[0].find('failure') is not None and cases[1].find('failure') is None, junit)
    return program


def refuses(directory, program):
    explore = [DETSIM, 'explore', '--per-test', '--dir', directory + '/refused']
    says('is not made with', *explore, '--', '/bin/true', code=125)
    says('does not go with', *explore, '--shard', '1/2', '--', program, code=125)
    run(*explore, '--', directory + '/nothing', code=125)


def judges_what_never_happens(directory):
    program, out = build(directory, 'sometimes', SOMETIMES), directory + '/never'
    run(DETSIM, 'explore', '-q', '--runs', '6', '--dir', out, '--', program, '1', code=0)
    says("'a request is retried' never holds: it is reached 6 times in 6 runs", DETSIM, 'explore',
         '--runs', '6', '--dir', out, '--json', out + '.json', '--junit', out + '.xml', '--',
         program, '0', code=1)
    report = load(out + '.json')
    check(report['summary']['failed'] == 0, report['summary'])
    check([(f['kind'], f['count']) for f in report['failures']] == [('property', 0)], report)
    missing = {p['property']: p['missing'] for p in report['properties']}
    check(missing == {'a request is retried': True, 'it starts': False}, missing)
    suite = xml.parse(out + '.xml').getroot().find('testsuite')
    check(suite.get('failures') == '1', read(out + '.xml'))
    run(DETSIM, 'report', 'merge', out, code=1)
    run(DETSIM, 'explore', '-q', '--resume', out, code=1)
    # A part cannot tell; all of them can.
    parts = directory + '/parts'
    for shard in ('1/2', '2/2'):
        run(DETSIM, 'explore', '--runs', '6', '--shard', shard, '--dir', parts, '--', program, '0',
            code=0)
    says('never holds: it is reached 6 times', DETSIM, 'report', 'merge', parts, code=1)
    run(DETSIM, 'report', 'merge', parts + '/shard-1-of-2', code=0)


def main(directory):
    judges_what_never_happens(directory)
    for name in PROGRAMS:
        program = explores_each(directory, name)
    refuses(directory, program)


if __name__ == '__main__':
    sys.exit(judge(main))
