#!/usr/bin/python3
"""Suites: each property shown holding and failing, and files that are wrong.

    suite_test.py DETSIM INCLUDE_DIRECTORY
"""
import json
import os
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says, write

DETSIM, INCLUDE = sys.argv[1:3]
SH = 'sh'


def suite(*words, code=None):
    return run(DETSIM, 'suite', *words, code=code)


def suite_of(tests, **more):
    # YAML is a superset of JSON.
    write('detsim.yaml', json.dumps({'tests': tests, **more}))


# Exactly the property that is meant fails, in a test that holds otherwise.
def breaks(prop, test, code=1, profile='ci'):
    test = {'name': 'it', 'seeds': '1..2', **test}
    suite_of([test])
    done = suite('run', '--profile', profile, '--json', 'out.json', code=code)
    result = load('out.json')['tests'][0]
    broken = [each['property'] for each in result['broken']]
    check(broken == ([prop] if prop else []), f'{test}: {broken}, not {prop}: {done.text}')
    return result, done.text


def shell(script, **more):
    return {'command': [SH, '-c', script], **more}


def files_below(directory):
    return sorted((where, tuple(sorted(names)), tuple(sorted(read(f'{where}/{name}')
                                                             for name in names)))
                  for where, _, names in os.walk(directory))


def properties():
    for prop, holds, fails in (
            ('exit', shell('exit 3', properties={'exit': [0, 3]}), shell('exit 3')),
            ('exit', shell('kill -9 $$', properties={'exit': 137}), shell('kill -9 $$')),
            ('exit', shell('exit 7', properties={'exit': 'any'}),
             shell('exit 0', properties={'exit': 7})),
            ('stdout', shell('echo one; echo two', properties={'stdout': {'matches': '^two$'}}),
             shell('echo one', properties={'stdout': {'matches': '^two$'}})),
            ('stdout', shell('echo one', properties={'stdout': [{'lacks': 't.o'}]}),
             shell('echo two', properties={'stdout': [{'lacks': 't.o'}]})),
            ('stderr', shell('echo x >&2', properties={'stderr': {'matches': 'x'}}),
             shell('echo x', properties={'stderr': {'matches': 'x'}})),
            ('files_equal', shell('echo 1 > result', properties={'files_equal': {'result': 'one'}}),
             shell('echo 2 > result', properties={'files_equal': {'result': 'one'}})),
            ('files_equal', shell('cat one > result', files=['one'],
                                  properties={'files_equal': {'result': 'one'}}),
             shell('true', properties={'files_equal': {'result': 'one'}})),
            ('checker', shell('echo 1 > made; echo out',
                              properties={'checker': [SH, '-c', 'grep -q out && test -f made']}),
             shell('echo out', properties={'checker': [SH, '-c', 'grep -q out && test -f made']})),
            ('recovery', shell('echo 1 > log', recovery=[['cat', 'log']]),
             shell('true', recovery=[['cat', 'log']])),
            ('oracle', shell('sort -n', oracle={'command': ['sort', '-n']},
                             input={'keys': 'uniform', 'count': 50}),
             shell('sort', oracle={'command': ['sort', '-n']},
                   input={'keys': 'uniform', 'count': 50})),
            ('oracle', shell('echo 1 > made', oracle={'command': [SH, '-c', 'echo 1 > made'],
                                                      'same': ['made']}),
             shell('echo 1 > made', oracle={'command': [SH, '-c', 'echo 2 > made'],
                                            'same': ['made']})),
            ('oracle', shell('exit 0', oracle={'command': ['true']}),
             shell('exit 0', oracle={'command': ['false']})),
            ('limit', shell('sleep 1', limits={'virtual': '2s'}),
             shell('sleep 3', limits={'virtual': '2s'})),
            # Twice the power fails in the middle of it; what comes after it judges the run.
            ('exit', shell('echo 1 > file', faults='power.yaml',
                           disk={'paths': ['.'], 'profile': 'posix-strict', 'crashes': 2,
                                 'then': 'test -s file'}),
             shell('echo 1 > file', faults='power.yaml', disk={'then': 'test -s file'})),
            ('exit', shell('cat > copy; test -s copy', faults='none', input={'text': 'words'}),
             shell('cat > copy', faults='full.yaml', input={'text': 'words'}))):
        breaks('', holds, code=0)
        check(not os.path.exists('detsim-suite'), f'{holds}: something is left, though it holds')
        result, words = breaks(prop, fails)
        check(result['failed'] == 2 and 'FAILED  it' in words, words)
        first = result['broken'][0]
        before = files_below('detsim-suite/it/work')
        for _ in range(2):
            says('the same run', 'sh', '-c', first['replay'])
        kept = load(first['dir'] + '/failure.json')
        check(kept['private_directories'][-1]['path'] == os.path.realpath('detsim-suite/it/work'),
              f'{fails}: {kept}')
        check(files_below('detsim-suite/it/work') == before, f'{fails}: a replay left something')
    breaks('faults', shell('true', faults='idle.yaml'))


SDK = r"""
#include <detsim/sdk.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    if (strcmp(words[i], "start") == 0) DETSIM_SOMETIMES(1, "start");
    if (strcmp(words[i], "end") == 0) DETSIM_SOMETIMES(1, "end");
    if (strcmp(words[i], "not") == 0) DETSIM_SOMETIMES(0, "end");
  }
  return 0;
}
"""


def events():
    write('sdk.c', SDK)
    run('gcc', '-I', INCLUDE, '-o', 'sdk', 'sdk.c', code=0)

    def of(words, *rules):
        return {'command': ['./sdk', *words], 'properties': {'events': list(rules)}}

    for words, rule, holds in (
            (['end'], {'event': 'end', 'held': 'always'}, True),
            (['end', 'end', 'not'], {'event': 'end', 'held': 'always'}, False),
            (['end', 'not'], {'event': 'end', 'held': 'sometimes'}, True),
            (['not'], {'event': 'end', 'held': 'sometimes'}, False),
            (['start'], {'event': 'end', 'held': 'always'}, False),
            (['start'], {'event': 'start', 'reached': 'always'}, True),
            (['end'], {'event': 'start', 'reached': 'always'}, False),
            (['end'], {'event': 'start', 'reached': 'never'}, True),
            (['start'], {'event': 'start', 'reached': 'never'}, False),
            (['end'], {'event': 'start', 'reached': 'sometimes'}, False),
            (['start', 'end'], {'event': 'end', 'at_most': 'start'}, True),
            (['start', 'end', 'end'], {'event': 'end', 'at_most': 'start'}, False)):
        breaks('' if holds else 'events', of(words, rule), code=0 if holds else 1)
    breaks('events', of(['not']))  # without being asked for


def inputs():
    def lines(keys, seed=1, **more):
        keep = os.path.abspath('lines')
        suite_of([shell('cat > ' + keep, name='it', seeds=str(seed),
                        input={'keys': keys, 'count': 2000, 'among': 50, **more})])
        suite('run', '-q', code=0)
        return read('lines').split('\n')[:-1]
    uniform, zipfian = lines('uniform'), lines('zipfian')
    check(len(uniform) == len(zipfian) == 2000, f'{len(uniform)}, {len(zipfian)} lines')
    for keys, before in (('uniform', uniform), ('zipfian', zipfian)):
        again = lines(keys)
        check(again == before, f'{keys}: not from the seed alone: {again[:9]}, {before[:9]}')
    check(lines('uniform', 2) != uniform, f'another seed, the same keys: {uniform[:9]}')
    check(set(map(int, uniform)) == set(range(50)), sorted(set(uniform)))
    # 2000 draws: 40 expected of each; the first of 50 keys with weight 1/k has 445.
    most = max(uniform.count(str(key)) for key in range(50))
    check(most < 80, f'uniform: one key {most} times')
    first, second = zipfian.count('0'), zipfian.count('1')
    check(370 < first < 520 and 180 < second < 270, f'zipfian: {first}, {second}')
    line = lines('zipfian', exponent=0, line='get {key}')[0]
    check(line.startswith('get '), line)


GROWS = """
import os, sys, time
held, kind = [], sys.argv[1]
end = time.clock_gettime(time.CLOCK_MONOTONIC) + 4000
file = open('data', 'wb', buffering=0)
for turn in range(400):
    for _ in range(100):
        os.getpid()
    sum(range(250000))
    if kind == 'memory': held.append(b'x' * (100000 + turn))
    if kind == 'descriptors' and turn < 900: held.append(os.open('/dev/null', os.O_RDONLY))
    if kind == 'disk': file.write(bytes(50000))
"""


def soaks():
    write('grows.py', GROWS)
    for kind in ('nothing', 'memory', 'descriptors', 'disk'):
        test = {'name': 'it', 'command': ['/usr/bin/python3', '-S', '-E', 'grows.py', kind],
                'files': ['grows.py'], 'strategies': 'random'}
        suite_of([test], profiles={'soak': {'time': '1ms'}})
        words = suite('run', '--profile', 'soak', code=0 if kind == 'nothing' else 1).text
        check(('grows: ' in words) == (kind != 'nothing'), words)
        check(kind == 'nothing' or words.count('grows: ') == 1, words)
    suite_of([shell('true', name='it')], profiles={'soak': {'time': '1ms'}})
    words = suite('run', '--profile', 'soak', code=1).text
    check('too short to be watched' in words, words)


def wrong():
    good = 'tests:\n  - name: it\n    command: ["true"]\n'
    for text, where, words in (
            (good + '    sedes: 1..2\n', ':4:5:', "did you mean 'seeds'"),
            (good + '    properties: {stdot: {matches: x}}\n', ':4:18:', "did you mean 'stdout'"),
            (good + '    properties: {stdout: {matches: "("}}\n', ':4:36:', 'regular expression'),
            (good + '    seeds: 9..3\n', ':4:12:', 'no range of seeds'),
            (good + '    faults: clam\n', ':4:13:', 'calm'),
            (good + '    strategies: [pct:2, randon]\n', ':4:25:', 'random'),
            (good + '    profiles: [cj]\n', ':4:16:', "did you mean 'ci'"),
            (good + '    limits: {virtual: soon}\n', ':4:23:', 'soon'),
            (good + '    input: {keys: zipf}\n', ':4:19:', 'zipf'),
            (good + '    input: {count: 3}\n', ':4:12:', "needs 'text', 'file' or 'keys'"),
            (good + '    disk: {profil: xfs}\n', ':4:12:', "did you mean 'profile'"),
            (good + '    disk: {profile: xfss}\n', ':4:21:', "did you mean 'xfs'"),
            (good + '    disk: {paths: data}\n', ':4:19:', 'is a list'),
            (good + '    disk: {crashes: 0}\n', ':4:21:', 'from 1 to'),
            (good + '    disk: {then: exit}\n    recovery: [["true"]]\n', ':4:11:',
             "does not go with 'recovery'"),
            (good + '    oracle: {same: [exit]}\n', ':4:13:', "needs 'command'"),
            (good + '    command: ["true"]\n', ':4:5:', 'twice'),
            (good + '    name: a/b\n', ':4:5:', 'twice'),
            (good + '  - name: it\n    command: ["true"]\n', ':4:5:', "two tests 'it'"),
            ('tests:\n  - command: ["true"]\n', ':2:5:', "needs the key 'name'"),
            ('tests:\n  - name: x\n    command: []\n', ':3:14:', 'of which the first'),
            ('tests:\n  - name: x\n    command: [a\n', ':4:1:', ''),
            ('profiles: {cy: {runs: 3}}\n' + good, ':1:12:', "did you mean 'ci'"),
            ('defaults: {name: x}\n' + good, ':1:18:', 'for one test'),
            ('test: []\n', ':1:1:', "did you mean 'tests'"),
            ('', '', 'without tests')):
        write('detsim.yaml', text)
        said = suite('run', code=125).text
        check('detsim.yaml' + where in said and words in said, f'{text!r}: {said}')
    write('detsim.yaml', good + '    profiles: [nightly]\n')
    says('no test of the suite is selected', DETSIM, 'suite', 'run', code=125)
    suite('run', '--profile', 'nightli', code=125)
    suite('run', '-f', 'no-such.yaml', code=125)
    suite('rnu', code=125)
    write('detsim.yaml', good.replace('"true"', './no-such-program'))
    says('REFUSED it', DETSIM, 'suite', 'run', code=125)


def lists():
    suite_of([shell('true', name='one', seeds='1..3'),
              {'name': 'two', 'command': ['true'], 'profiles': ['ci']}])
    words = suite('list', code=0).text
    check('one' in words and 'seeds 1..3' in words and 'ci: 100 seeds' in words, words)
    says('ok      one: 3 runs', DETSIM, 'suite', 'run', '--test', 'o*', code=0)
    says('1 of 1 tests hold', DETSIM, 'suite', 'run', '--profile', 'smoke', code=0)
    schema = json.loads(suite('schema', code=0).stdout)
    test = schema['properties']['tests']['items']
    check({'name', 'command', 'oracle', 'recovery'} <= set(test['properties']), test['properties'])
    check(test['additionalProperties'] is False, test)


def main(directory):
    os.chdir(directory)
    write('one', '1\n')
    write('full.yaml', 'rules:\n  - {fault: disk.full, path: "**/copy", probability: 1}\n')
    write('idle.yaml', 'rules:\n  - {fault: disk.full, path: "**/nothing", probability: 1}\n')
    write('power.yaml', 'rules:\n  - {fault: proc.power_loss, op: write, probability: 1}\n')
    lists()
    wrong()
    properties()
    events()
    inputs()
    soaks()


sys.exit(judge(main))
