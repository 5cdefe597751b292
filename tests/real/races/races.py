#!/usr/bin/python3
"""A documented race in a program of Debian's: found, replayed, reduced to two context switches at
the most, and the lines named that its documentation names.

    races.py DETSIM REPLAYS

CPython 3.11 deadlocks between sys._current_frames() and the end of a thread; see current_frames.py.
Natively 1 of 2,000 runs of it hangs. Functions and lines are known where the package python3.11-dbg
is installed.
"""
import os
import re
import shlex
import shutil
import sys

sys.path.insert(0, sys.path[0] + '/../..')
from checking import check, judge, load, read, run, says

DETSIM, REPLAYS = os.path.abspath(sys.argv[1]), int(sys.argv[2])
PROGRAM = os.path.dirname(os.path.abspath(__file__)) + '/current_frames.py'
PYTHON = '/usr/bin/python3'
SEEDS = '1..60'
# Both wait for the other's lock: one looks at the threads and collects garbage, one begins or ends.
LOOKS = {'_PyThread_CurrentFrames', 'gc_collect_main', 'os_close', 'take_gil'}
CHANGES_THREADS = {'tstate_delete_common', 'new_threadstate'}


def finds(directory):
    here, out = directory + '/here', directory + '/out'
    os.mkdir(here)
    shutil.copy(PROGRAM, here)
    run(DETSIM, 'explore', '-q', '-j', '1', '--seeds', SEEDS, '--strategy', 'pct:2',
        '--virtual-timeout', '1s', '--dir', out, '--json', out + '.json', '--', PYTHON, '-S', '-E',
        '-B', 'current_frames.py', code=1, cwd=here)
    report = load(out + '.json')
    ways = [(each['kind'], each['count']) for each in report['failures']]
    check([kind for kind, _ in ways] == ['limit'], f'one way to fail, a deadlock: {ways}')
    found = report['failures'][0]
    print(f'{found["count"]} of {report["summary"]["runs"]} runs fail, the first with seed '
          f'{found["seed"]}')
    return here, found['dir']


def reduces(here, kept):
    words = says('They meet at _PyRuntime', DETSIM, 'bisect', kept, code=0, cwd=here)
    switches = read(kept + '/reduced.txt').count('\nswitch ')
    check(switches <= 2, f'{switches} switches: {words}')
    print(f'reduced to {switches} context switches')
    return words


def stacks(directory, here, words):
    """Of the reduced run, where it stands: a list of (function, file, line) for each task."""
    repeat = shlex.split(re.search('^repeat: (.*)$', words, re.M).group(1))
    report = directory + '/report.json'
    repeat[repeat.index('--'):1 + repeat.index('--')] = ['--report-json', report, '--']
    run(*repeat, code=124, cwd=here)
    found = []

    def gather(thing):
        for inner in thing.values() if isinstance(thing, dict) else thing:
            if isinstance(inner, (dict, list)):
                gather(inner)
        if isinstance(thing, dict) and 'stack' in thing:
            found.append([(frame.get('function'), os.path.basename(frame.get('file') or ''),
                           frame.get('line')) for frame in thing['stack']])
    gather(load(report))
    return found


def names_lines(directory, here, words):
    found = stacks(directory, here, words)
    if not any(name == 'PyThread_acquire_lock' and file for each in found
               for name, file, _ in each):
        return print('python3.11-dbg is not installed: the lines are not looked at')
    looking = [each for each in found if LOOKS <= {name for name, _, _ in each}]
    changing = [each for each in found if CHANGES_THREADS & {name for name, _, _ in each}]
    check(len(looking) == 1 and len(changing) == 1, found)
    for each in looking + changing:
        for name, file, line in each:
            if name in {'_PyThread_CurrentFrames'} | CHANGES_THREADS:
                print(f'{name} at {file}:{line}')
                check(file == 'pystate.c' and line, each)
    # What decides is who takes the interpreter lock that a destructor has let go of.
    check('os_close' in words and len(re.findall(r'take_gil at \S*ceval_gil.h:\d+', words)) == 2,
          words)


def main(directory):
    here, kept = finds(directory)
    for _ in range(REPLAYS):
        says('the same run', DETSIM, 'replay', kept, code=124, cwd=here)
    print(f'the same in {REPLAYS} replays')
    names_lines(directory, here, reduces(here, kept))


version = run(PYTHON, '-V').text
if not version.startswith('Python 3.11.'):
    print(f'SKIPPED: the race is in CPython 3.11, and this is {version}')
    sys.exit(77)
sys.exit(judge(main))
