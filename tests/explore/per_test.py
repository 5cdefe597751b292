#!/usr/bin/python3
"""Programs made with GoogleTest, Catch2 and doctest, each test explored by itself; and what should
happen sometimes and never does.

    per_test.py DETSIM INCLUDE_DIRECTORY
"""
import os
import sys
import time
import xml.etree.ElementTree as xml

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says
from test_programs import PROGRAMS, build, build_tests

DETSIM, INCLUDE = (os.path.abspath(path) for path in sys.argv[1:3])

SOMETIMES = '''
#include <detsim/sdk.h>
#include <cstdlib>
int main(int, char** words) {
  DETSIM_SOMETIMES(std::atoi(words[1]) > 0, "a request is retried");
  DETSIM_SOMETIMES(true, "it starts");
  return 0;
}
'''


def explores_each(directory, name):
    tests = PROGRAMS[name][2]
    program = build_tests(directory, name)
    out = f'{directory}/{name}-out'
    words = run(DETSIM, 'explore', '--per-test', '--runs', '40', '--dir', out, '--json',
                out + '.json', '--junit', out + '.xml', '--markdown', out + '.md', '--html',
                out + '.html', '--', program, code=1).text
    report = load(out + '.json')
    check([test['name'] for test in report['tests']] == tests, report['tests'])
    failing = [test['name'] for test in report['tests'] if test['failed'] > 0]
    check(failing == tests[:1], f'{name}: {failing}: {words}')
    check(all(test['runs'] == 40 for test in report['tests']), report['tests'])
    check(report['summary']['runs'] == 40 * len(tests), report['summary'])
    check(f'FAILED  {tests[0]}: ' in words and f'ok      {tests[1]}: 40 runs' in words, words)
    failure = report['failures'][0]
    check(failure['test'] == tests[0], failure)
    check('count_visitors()' in failure['message'], failure)
    says('the same run', DETSIM, 'replay', failure['dir'])
    check(f'seed {failure["seed"]}' in words and failure['dir'] in words, words)
    check(f'{len(tests)} tests, of which 1 failed' in words, words)
    check(f'| {tests[0]}: ' in read(out + '.md') and failure['replay'] in read(out + '.md'),
          read(out + '.md'))
    check(report['coverage'][-1]['runs'] == 40 * len(tests), report['coverage'])
    check(failure['rate'] == report['tests'][0]['failed'] / 40, failure)
    suite = xml.parse(out + '.xml').getroot().find('testsuite')
    cases = suite.findall('testcase')
    junit = read(out + '.xml')
    check(len(cases) == len(tests) and suite.get('failures') == '1', junit)
    check(cases[0].find('failure') is not None and cases[1].find('failure') is None, junit)
    return program


def does_not_depend_on_workers(directory, program):
    """Fewer, as many and more workers than tests: the same tests fail of the same seeds."""
    found = []
    for jobs in ('1', '2', '7'):
        out = f'{directory}/jobs-{jobs}'
        run(DETSIM, 'explore', '-q', '--per-test', '--runs', '60', '-j', jobs, '--dir', out,
            '--json', out + '.json', '--', program, code=1)
        report = load(out + '.json')
        keys = ('test', 'seed', 'kind', 'message', 'signature', 'count', 'strategy')
        found.append([[(test['name'], test['runs'], test['failed']) for test in report['tests']],
                      [[failure[key] for key in keys] for failure in report['failures']],
                      report['summary']['distinct_schedules'], report['coverage']])
        check([os.path.basename(each) for each in sorted(os.listdir(out))] ==
              sorted(os.listdir(directory + '/jobs-1')), os.listdir(out))
    check(found[0] == found[1] == found[2], found)


def ends_in_time(directory, program):
    """The time is that of all tests together, and each has some of it."""
    out = directory + '/timed'
    began = time.monotonic()
    run(DETSIM, 'explore', '-q', '--per-test', '--time', '2s', '-j', '2', '--dir', out, '--json',
        out + '.json', '--', program, code=1)
    check(time.monotonic() - began < 20, f'{time.monotonic() - began} s of two')
    check(all(test['runs'] > 0 for test in load(out + '.json')['tests']), read(out + '.json'))


def stops_at_a_failure(directory, program):
    out = directory + '/until'
    run(DETSIM, 'explore', '-q', '--per-test', '--runs', '100000', '--until-failure', '--dir', out,
        '--json', out + '.json', '--', program, code=1)
    report = load(out + '.json')
    check(report['failures'] and report['summary']['runs'] < 100000, report['summary'])


def refuses(directory, program):
    explore = [DETSIM, 'explore', '--per-test', '--dir', directory + '/refused']
    says('is not made with', *explore, '--', '/bin/true', code=125)
    says('does not go with', *explore, '--shard', '1/2', '--', program, code=125)
    run(*explore, '--', directory + '/nothing', code=125)


def judges_what_never_happens(directory):
    program, out = build(directory, 'sometimes', SOMETIMES, '-I', INCLUDE), directory + '/never'
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
        if name == 'gtest':
            does_not_depend_on_workers(directory, program)
            ends_in_time(directory, program)
            stops_at_a_failure(directory, program)
    refuses(directory, program)


if __name__ == '__main__':
    sys.exit(judge(main))
