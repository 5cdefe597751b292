#!/usr/bin/python3
"""Failures that faults make: kept with their plan, replayed, and reduced to the faults that matter.

    fault_bisect.py DETSIM SAMPLE
"""
import os
import re
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says, write

DETSIM, SAMPLE = sys.argv[1:3]

# Reads are cut short and interrupted all the time, which it bears; a failed fsync it does not bear.
PROGRAM = r"""
import os

fd = os.open('data', os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
for turn in range(20):
    left = b'x' * 100
    while left:
        left = left[os.write(fd, left):]
os.lseek(fd, 0, os.SEEK_SET)
while os.read(fd, 50):
    pass
try:
    os.fsync(fd)
finally:
    os.unlink('data')
"""
PLAN = """
rules:
  - {fault: disk.partial_write, path: "**/data", probability: 0.5}
  - {fault: disk.short_read, path: "**/data", probability: 0.5}
  - {fault: disk.fsync_fail, path: "**/data", probability: 0.5, error: EIO}
"""


def main(directory):
    os.chdir(directory)
    write('program.py', PROGRAM)
    write('plan.yaml', PLAN)
    python = ['--', '/usr/bin/python3', '-S', '-E', 'program.py']
    run(DETSIM, 'explore', '-q', '-j', '1', '--runs', '6', '--faults', 'plan.yaml', '--json',
        'found.json', '--dir', 'kept', *python, code=1)
    failures = load('found.json')['failures']
    check(len(failures) == 1, failures)
    kept = failures[0]['dir']
    check(kept, failures[0].get('problem'))
    os.unlink('plan.yaml')  # the kept one is used
    listed = read(kept + '/choices.txt')
    check(len(re.findall('^strike ', listed, re.M)) > 3, listed)
    check(read(kept + '/strikes.jsonl').count('\n') == listed.count('\nstrike '), listed)
    for _ in range(3):
        says('the same run', DETSIM, 'replay', kept)
    words = run(DETSIM, 'bisect', kept, code=0).text
    reduced = read(kept + '/reduced.txt')
    check(len(re.findall('^strike ', reduced, re.M)) == 1, reduced)
    check(reduced.count('plain') == 1, reduced)
    check('It needs 1 fault and 0 context switches' in words, words)
    check(re.search(r'disk.fsync_fail at fsync .*/data: E', words), words)
    repeat = re.search('^repeat: (.*)$', words, re.M).group(1)
    again = run('sh', '-c', repeat)
    check(again.returncode == 1 and 'fsync' in again.text, again.text)
    run(DETSIM, 'seeds', 'add', kept, code=0)
    says('still fails', DETSIM, 'seeds', 'test', code=1)  # with its plan
    applies_no_longer(kept)
    without_faults()
    two_seeds()


# The program has changed so that its choices do not fit, and passes.
def applies_no_longer(kept):
    write('program.py', 'pass\n')
    says('no longer applies', DETSIM, 'seeds', 'test', code=125)
    says('ANOTHER RUN', DETSIM, 'replay', kept, code=121)


# Faults that have nothing to do with the failure are taken out first.
def without_faults():
    with open('delays.yaml', 'w') as file:
        file.write('rules:\n  - {fault: timer.offset, offset: 1s}\n'
                   '  - {fault: proc.eintr, probability: 0.5}\n')
    run(DETSIM, 'explore', '-q', '--runs', '60', '--faults', 'delays.yaml', '--json', 'race.json',
        '--dir', 'race', '--', SAMPLE, code=1)
    kept = load('race.json')['failures'][0]['dir']
    choices = read(kept + '/choices.txt')
    check('\nstrike ' in choices, f'nothing struck: {choices}')
    words = run(DETSIM, 'bisect', kept, code=0).text
    reduced = read(kept + '/reduced.txt')
    check('\nstrike ' not in reduced and 1 <= reduced.count('\nswitch ') <= 2, words)


def two_seeds():
    passes = [seed for seed in range(1, 40)
              if run(DETSIM, 'run', '-q', '--seed', str(seed), '--', SAMPLE).returncode == 0]
    fails = [seed for seed in range(1, 40) if seed not in passes]
    if not (passes and fails):
        return check(False, f'no two seeds: {passes} {fails}')
    good, bad = str(passes[0]), str(fails[0])
    words = run(DETSIM, 'bisect', '--good', good, '--bad', bad, '--', SAMPLE, code=0).text
    needed = int(re.search(r'differ in \d+ places. Of these (\d+)', words).group(1))
    check(1 <= needed <= 4 and 'The switch that decides' in words, words)
    repeat = re.search('^repeat: (.*)$', words, re.M).group(1)
    again = run('sh', '-c', repeat)
    check(again.returncode != 0, f'what is left passes: {repeat}: {again.text}')
    says('fails too', DETSIM, 'bisect', '--good', bad, '--bad', good, '--', SAMPLE, code=125)
    run(DETSIM, 'bisect', '--good', good, '--', SAMPLE, code=125)
    run(DETSIM, 'bisect', '--cpus', '3', 'nothing', code=125)


sys.exit(judge(main))
