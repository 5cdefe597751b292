#!/usr/bin/python3
"""Suites: each property shown holding and failing, and files that are wrong.

    suite_test.py DETSIM INCLUDE_DIRECTORY
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

DETSIM, INCLUDE = sys.argv[1:3]
FAILED = []
SH = 'sh'


def check(holds, words):
    if not holds:
        FAILED.append(words)
        print('FAILED:', words)


def run(*words, code=None):
    done = subprocess.run([DETSIM, 'suite', *words], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=300, check=False)
    done.text = (done.stdout + done.stderr).decode(errors='replace')
    if code is not None:
        check(done.returncode == code, f'{words}: {done.returncode}, not {code}: {done.text}')
    return done


def write(path, text):
    with open(path, 'w') as file:
        file.write(text)


def suite_of(tests, **more):
    # YAML is a superset of JSON.
    write('detsim.yaml', json.dumps({'tests': tests, **more}))


# Exactly the property that is meant fails, in a test that holds otherwise.
def breaks(prop, test, code=1, profile='ci'):
    test = {'name': 'it', 'seeds': '1..2', **test}
    suite_of([test])
    done = run('run', '--profile', profile, '--json', 'out.json', code=code)
    result = json.load(open('out.json'))['tests'][0]
    broken = [each['property'] for each in result['broken']]
    check(broken == ([prop] if prop else []), f'{test}: {broken}, not {prop}: {done.text}')
    return result, done.text


def shell(script, **more):
    return {'command': [SH, '-c', script], **more}


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
            ('exit', shell('cat > copy; test -s copy', faults='none', input={'text': 'words'}),
             shell('cat > copy', faults='full.yaml', input={'text': 'words'}))):
        breaks('', holds, code=0)
        check(not os.path.exists('detsim-suite'), 'nothing is left of what holds')
        result, words = breaks(prop, fails)
        check(result['failed'] == 2 and 'FAILED  it' in words, words)
        first = result['broken'][0]
        replayed = subprocess.run(first['replay'], shell=True, capture_output=True, check=False)
        check(b'the same run' in replayed.stderr, (prop, first, replayed))
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
    subprocess.run(['gcc', '-I', INCLUDE, '-o', 'sdk', 'sdk.c'], check=True)

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
        run('run', '-q', code=0)
        return open('lines').read().split('\n')[:-1]
    uniform, zipfian = lines('uniform'), lines('zipfian')
    check(len(uniform) == len(zipfian) == 2000, 'as many as asked for')
    check(lines('uniform') == uniform and lines('zipfian') == zipfian, 'from the seed alone')
    check(lines('uniform', 2) != uniform, 'another seed')
    check(set(map(int, uniform)) == set(range(50)), 'all of them')
    # 2000 draws: 40 expected of each; the first of 50 keys with weight 1/k has 445.
    check(max(uniform.count(str(key)) for key in range(50)) < 80, 'uniform')
    check(370 < zipfian.count('0') < 520 and 180 < zipfian.count('1') < 270, 'zipfian')
    check(lines('zipfian', exponent=0, line='get {key}')[0].startswith('get '), 'a line')


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
        words = run('run', '--profile', 'soak', code=0 if kind == 'nothing' else 1).text
        check(('grows: ' in words) == (kind != 'nothing'), words)
        check(kind == 'nothing' or words.count('grows: ') == 1, words)
    suite_of([shell('true', name='it')], profiles={'soak': {'time': '1ms'}})
    words = run('run', '--profile', 'soak', code=1).text
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
        said = run('run', code=125).text
        check('detsim.yaml' + where in said and words in said, f'{text!r}: {said}')
    write('detsim.yaml', good + '    profiles: [nightly]\n')
    check('no test of the suite is selected' in run('run', code=125).text, 'nothing to run')
    run('run', '--profile', 'nightli', code=125)
    run('run', '-f', 'no-such.yaml', code=125)
    run('rnu', code=125)
    write('detsim.yaml', good.replace('"true"', './no-such-program'))
    check('REFUSED it' in run('run', code=125).text, 'no such program')


def lists():
    suite_of([shell('true', name='one', seeds='1..3'),
              {'name': 'two', 'command': ['true'], 'profiles': ['ci']}])
    words = run('list', code=0).text
    check('one' in words and 'seeds 1..3' in words and 'ci: 100 seeds' in words, words)
    check('ok      one: 3 runs' in run('run', '--test', 'o*', code=0).text, 'by name')
    check('1 of 1 tests hold' in run('run', '--profile', 'smoke', code=0).text, 'by profile')
    schema = json.loads(run('schema', code=0).stdout)
    test = schema['properties']['tests']['items']
    check({'name', 'command', 'oracle', 'recovery'} <= set(test['properties']), 'schema')
    check(not test['additionalProperties'], 'schema refuses what is unknown')


DIRECTORY = tempfile.mkdtemp(prefix='detsim-suite-')
try:
    os.chdir(DIRECTORY)
    write('one', '1\n')
    write('full.yaml', 'rules:\n  - {fault: disk.full, path: "**/copy", probability: 1}\n')
    write('idle.yaml', 'rules:\n  - {fault: disk.full, path: "**/nothing", probability: 1}\n')
    lists()
    wrong()
    properties()
    events()
    inputs()
    soaks()
finally:
    os.chdir('/')
    shutil.rmtree(DIRECTORY)
sys.exit(1 if FAILED else 0)
