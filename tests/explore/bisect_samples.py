#!/usr/bin/python3
"""The samples' bugs: found, replayed, reduced to two context switches at most, and the lines named
that meet in them.

    bisect_samples.py DETSIM SAMPLES_DIRECTORY REPLAYS
"""
import os
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run

# What the report must name; none: the bug needs no switch.
LINES = {
    'bank': ['bank.cpp:18', 'bank.cpp:14', 'They meet at'],
    'bounded_queue': ['bounded_queue.cpp:22', 'bounded_queue.cpp:18', 'They meet at'],
    'data_race': ['data_race.cpp:18', 'They meet at (anonymous namespace)::visitors'],
    'deadlock': ['deadlock.cpp:19', 'deadlock.cpp:18', 'They meet at'],
    'file_race': ['file_race.cpp:16'],
    'lost_wakeup': ['lost_wakeup.cpp:20', 'lost_wakeup.cpp:27',
                    'They meet at (anonymous namespace)::mutex'],
    'publication': ['publication.cpp:23', 'publication.cpp:28',
                    'They meet at (anonymous namespace)::settings'],
    'aba': ['aba.cpp:28', 'They meet at (anonymous namespace)::head'],
    'destruction_order': [],
    'log_store': [],
    'retry': [],
    'two_writes': [],
    'shutdown': ['shutdown.cpp:31'],
}


def checks(detsim, program, name, replays, directory):
    out = f'{directory}/{name}'
    run(detsim, 'explore', '-q', '-j', '1', '--runs', '300', '--dir', out, '--json', out + '.json',
        '--', program, code=1)
    failure = load(out + '.json')['failures'][0]
    for _ in range(replays):
        said = run(detsim, 'replay', failure['dir']).text
        check('the same run' in said, f'{name}: {said}')
    words = run(detsim, 'bisect', '-q', failure['dir'], code=0).text
    switches = read(failure['dir'] + '/reduced.txt').count('switch ')
    check(switches <= 2, f'{name}: {switches} switches: {words}')
    for line in LINES[name]:
        check(line in words, f'{name}: {line} is not named: {words}')
    print(f'{name}: seed {failure["seed"]}, {failure["count"]} of 300, {switches} switches')


def main(directory):
    detsim, samples, replays = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for name in LINES:
        checks(detsim, os.path.join(samples, name), name, replays, directory)


sys.exit(judge(main))
