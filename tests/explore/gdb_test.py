#!/usr/bin/python3
"""A kept failure in gdb: it stops where the run failed, lists the tasks, shows and selects their
stacks, goes to events forwards and backwards; the run stays the same.

    gdb_test.py DETSIM SAMPLES_DIRECTORY
"""
import os
import re
import shutil
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, run

DETSIM, SAMPLES = (os.path.abspath(path) for path in sys.argv[1:3])


def kept(directory, name, kind):
    out = f'{directory}/{name}'
    run(DETSIM, 'explore', '-q', '--runs', '60', '--dir', out, '--', f'{SAMPLES}/{name}', code=1)
    return next(f'{out}/{entry}' for entry in os.listdir(out) if entry.startswith(kind))


def gdb(where, *commands, more=(), code=None):
    words = [word for command in commands for word in ('--gdb-command', command)]
    return run(DETSIM, 'replay', *words, *more, where, code=code).text


def shows_a_deadlock(where):
    words = gdb(where, 'detsim tasks', 'detsim task 1001', 'bt', 'detsim task 1002', 'bt',
                'detsim stacks', code=120)
    check('detsim: a deadlock' in words, words)
    check(len(re.findall(r'^[ *] 100[012] "deadlock" of process 1000 waits for a futex', words,
                         re.M)) == 3, words)
    check(words.count('deadlock.cpp:19') >= 4, words)  # two stacks, once by itself, once of all
    check('in main ' in words and ' in (anonymous namespace)::transfer' in words, words)
    check('the same run' in words, 'gdb changes nothing: ' + words)
    words = gdb(where, 'detsim task 1009', 'detsim goto', 'detsim task x')
    check('there is no task 1009' in words, words)


def goes_to_events(where):
    words = gdb(where, 'detsim where', 'detsim goto 20', 'detsim where', 'detsim goto 25',
                'detsim where', 'continue', 'detsim where', 'detsim tasks', more=('--until', '12'))
    for event in (12, 20, 25):
        check(f'stopped before event {event} ' in words, f'{event}: {words}')
    check('detsim: a deadlock' in words and 'the same run' in words, words)
    # A breakpoint of gdb's own, in the middle of the run.
    words = gdb(where, 'break transfer', 'continue', 'detsim where', 'detsim tasks', 'bt',
                'disable', 'continue', 'continue', more=('--until', '0'))
    check('in the middle of the run' in words and 'the run is over' in words, words)
    check('the same run' in words, words)


# Backwards it is another run: gdb begins again, in the same way.
def goes_back(where):
    words = run(DETSIM, 'replay', '--until', '20', '--gdb-command',
                'python print("event", event())', '--gdb-command',
                'python event() == 21 and gdb.execute("detsim goto 7")', where).text
    check('event 21' in words and 'event 8' in words, words)


def shows_an_end(where, signal_words):
    words = gdb(where, 'detsim tasks', 'bt')
    check('stopped before event' in words, words)
    check('main (' in words, words)
    check(signal_words in words, words)


def main(directory):
    before = set(os.listdir('/tmp'))
    deadlock = kept(directory, 'deadlock', 'deadlock')
    shows_a_deadlock(deadlock)
    goes_to_events(deadlock)
    goes_back(deadlock)
    shows_an_end(kept(directory, 'bank', 'exit'), 'bank')
    run(DETSIM, 'replay', '--gdb', directory + '/nothing', code=125)
    left = [name for name in set(os.listdir('/tmp')) - before if name.startswith('detsim-gdb-')]
    check(not left, f'{left} is left')


if __name__ == '__main__':
    if shutil.which('gdb') is None:
        print('gdb is not installed')
        sys.exit(77)
    sys.exit(judge(main))
