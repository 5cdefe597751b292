#!/usr/bin/python3
"""The samples' bugs: found, replayed, reduced to two context switches at most, and the lines named
that meet in them.

    bisect_samples.py DETSIM SAMPLES_DIRECTORY REPLAYS
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

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


def run(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
                          check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors='replace')


def judge(detsim, program, name, replays, directory):
    out = f'{directory}/{name}'
    code, words = run(detsim, 'explore', '-q', '-j', '1', '--runs', '300', '--dir', out, '--json',
                      out + '.json', '--', program)
    if code != 1:
        return [f'not found: {code} {words}']
    problems = []
    for failure in json.load(open(out + '.json'))['failures'][:1]:
        same = sum('the same run' in run(detsim, 'replay', failure['dir'])[1]
                   for _ in range(replays))
        if same != replays:
            problems.append(f'replayed {same} of {replays}')
        code, words = run(detsim, 'bisect', '-q', failure['dir'])
        switches = open(failure['dir'] + '/reduced.txt').read().count('switch ')
        if code != 0 or switches > 2:
            problems.append(f'{switches} switches: {words}')
        problems += [f'{line} is not named: {words}' for line in LINES[name] if line not in words]
        print(f'{name}: seed {failure["seed"]}, {failure["count"]} of 300, {switches} switches')
    return problems


def main():
    detsim, samples, replays = sys.argv[1], sys.argv[2], int(sys.argv[3])
    directory = tempfile.mkdtemp(prefix='detsim-bisect-')
    wrong = 0
    for name in LINES:
        for problem in judge(detsim, os.path.join(samples, name), name, replays, directory):
            print(f'{name}: {problem}')
            wrong += 1
    shutil.rmtree(directory)
    return 1 if wrong else 0


sys.exit(main())
